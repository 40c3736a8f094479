"""docs/training.md runs, block after block, and what goes on from there: explanations.md and going-on.md."""

import csv
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_hat.cli import app

from .support.pages import fresh_folder, type_page
from .support.project import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "training.md").read_text(encoding="utf8")
BLOCKS = re.findall(r"(?:<!-- file: (\S+) -->\n)?```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)
FILES = {name: content for name, _, content in BLOCKS if name}
COPIES = 12


def write_files(folder: Path) -> None:
    """The files that the page shows, a few times over."""
    for name, content in FILES.items():
        head, _, rows = content.partition("\n") if name.endswith(".csv") else ("", "", content)
        # Each copy says another number: documents of one text stay in one part.
        copies = "".join(rows.replace("is due", f"is due {number} times") for number in range(COPIES))
        (folder / name).write_text(f"{head}\n" * bool(head) + copies, encoding="utf8")


@pytest.mark.slow
def test_training_page_runs_and_those_that_go_on_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace = fresh_folder(tmp_path, monkeypatch)
    printed = type_page(DOCS / "training.md")
    assert all(printed[code] for code in printed if "pip install" not in code)
    assert {"train.spacy", "dev.spacy", "test.spacy"} <= {path.name for path in (workplace / "corpus").iterdir()}
    assert "cats_macro_f" in json.loads((workplace / "training" / "test.json").read_text())
    assert "spans_sc_f" in json.loads((workplace / "training" / "docstrings.json").read_text())
    equal = [text for text in printed.values() if "annotated spans equal a sentence" in text]
    assert len(equal) == 1
    assert "100.0% of" in equal[0]
    assert len(list((workplace / "pages").glob("*.html"))) == 3
    printed = type_page(DOCS / "explanations.md")
    assert len(next(iter(printed.values())).splitlines()) == 1 + 3
    assert len(list((workplace / "explained").glob("*"))) >= 1 or (workplace / "explained").is_file()
    type_page(DOCS / "going-on.md")
    assert (workplace / "training" / "again" / "model-last").is_dir()
    assert (workplace / "training" / "more" / "config.cfg").is_file()
    assert list((workplace / "packages").glob("en_licences-*/dist/*.tar.gz"))


def test_training_page_shows_data_as_it_must_be() -> None:
    rows = list(csv.DictReader(FILES["contracts.csv"].splitlines()))
    assert {tuple(row) for row in rows} == {("body", "kind")}
    assert all(json.loads(line)["sentences"] for line in FILES["clauses.jsonl"].splitlines())


@pytest.mark.parametrize("command", re.findall(r"`python -m spacy (hat convert (?:contracts|clauses)[^`]*)`", PAGE))
def test_training_page_converts_the_files_that_it_shows(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, shlex.split(command))
    assert result.exit_code == 0, result.output
    assert {path.name for path in Path(shlex.split(command)[3]).glob("*.spacy")} == {
        "train.spacy",
        "dev.spacy",
        "test.spacy",
    }


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", PAGE))))
def test_training_page_links_to_pages_that_are_there(link: str) -> None:
    assert (DOCS / link).exists()
