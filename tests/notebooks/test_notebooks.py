"""The notebooks run from the first cell to the last, in small, and show what they say."""

import nbformat
import pytest
from nbclient import NotebookClient

from ..support.project import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def html_of(notebook):
    """RETURNS (list[str]): What the cells show as HTML."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]


def printed_by(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


@pytest.fixture(scope="module")
def ran(hat_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    settings = {"HAT": str(hat_folder), "STEPS": "2", "DOCUMENTS": "30"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"SPACY_HAT_NOTEBOOK_{name}", value)
        notebook = nbformat.read(ROOT / "notebooks" / "licences.ipynb", as_version=4)
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, folder


@pytest.mark.slow
def test_notebook_trains_evaluates_and_corrects(ran):
    notebook, folder = ran
    assert "macro F " in printed_by(notebook)
    assert {path.name for path in (folder / "training").iterdir()} == {"notebook", "corrected"}
    assert (folder / "training" / "corrected" / "README.md").is_file()


@pytest.mark.slow
def test_notebook_shows_explanations(ran):
    one, several = html_of(ran[0])
    for html in (one, several):
        assert html.startswith("<iframe srcdoc=")
        assert "Licen" in html


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_what_they_showed(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell["outputs"] for cell in notebook.cells if cell.cell_type == "code" and cell["outputs"]] == []
