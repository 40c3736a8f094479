"""`python -m spacy hat import` and `export`: what they write, print, and will not overwrite."""

import pytest
import spacy
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.modeling import HATForSequenceClassification

from ..support.fine_tuned import LABELS, TEXTS, save_head


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_head(tmp_path_factory.mktemp("fine-tuned"))


@pytest.fixture(scope="module")
def pipeline(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported") / "pipeline"
    run("import", checkpoint, folder)
    return folder


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_import_command_writes_a_pipeline_and_nothing_beside(checkpoint, tmp_path):
    status, output = run("import", checkpoint, tmp_path / "training" / "imported")
    assert status == 0
    assert "pooler.dense.weight hidden.W" in output
    assert f"Labels: {', '.join(LABELS)}" in output
    assert "Saved a pipeline of sentencizer, transformer, textcat, doc_cleaner" in output
    assert set(spacy.load(tmp_path / "training" / "imported")(TEXTS[0]).cats) == set(LABELS)
    assert [path.name for path in (tmp_path / "training").iterdir()] == ["imported"]


@pytest.mark.parametrize(
    ("task", "options", "expected"),
    [
        ("textcat", ["--lang", "de"], lambda nlp: nlp.lang == "de"),
        ("textcat", ["--packing", "fixed"], lambda nlp: "fixed" in str(nlp.config["components"]["transformer"])),
        (
            "textcat",
            ["--no-document-positions"],
            lambda nlp: not nlp.get_pipe("transformer").model.shims[0].encoder.config.document_position_embeddings,
        ),
        (
            "spancat_singlelabel",
            ["--negative-label", "Law"],
            lambda nlp: "Law" not in nlp.pipe_labels["spancat_singlelabel"],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_import_command_takes_settings(tmp_path, task, options, expected):
    (tmp_path / "hat").mkdir()
    status, output = run("import", save_head(tmp_path / "hat", task), tmp_path / "pipeline", *options)
    assert status == 0, output
    assert expected(spacy.load(tmp_path / "pipeline"))


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"problem_type": None}, ["--task", "textcat_multilabel"]),
        ({"pooling": "attentive"}, ["--pooling", "attentive"]),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_import_command_takes_what_a_checkpoint_does_not_say(tmp_path, settings, options):
    (tmp_path / "hat").mkdir()
    status, output = run("import", save_head(tmp_path / "hat", **settings), tmp_path / "pipeline", *options)
    assert status == 0, output


def test_export_command_writes_a_checkpoint_and_nothing_beside(pipeline, tmp_path):
    status, output = run("export", pipeline, tmp_path / "models" / "hat")
    assert status == 0
    assert "classifier.weight 3 x 32" in output
    assert "Components left behind: doc_cleaner." in output
    assert "Saved a HATForSequenceClassification (single_label_classification)" in output
    assert HATForSequenceClassification.from_pretrained(tmp_path / "models" / "hat").config.num_labels == len(LABELS)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["hat"]


def test_export_command_takes_the_name_of_a_component(pipeline, tmp_path):
    assert run("export", pipeline, tmp_path / "hat", "--component", "textcat")[0] == 0
    status, output = run("export", pipeline, tmp_path / "other", "--component", "ner")
    assert status == 1
    assert "no text or span categorizer 'ner'" in output


@pytest.mark.parametrize("command", ["import", "export"])
def test_checkpoint_commands_replace_what_is_there_only_if_asked(checkpoint, pipeline, tmp_path, command):
    source = checkpoint if command == "import" else pipeline
    assert run(command, source, tmp_path / "out")[0] == 0
    status, output = run(command, source, tmp_path / "out")
    assert status == 1
    assert "A folder is there already" in output
    assert run(command, source, tmp_path / "out", "--force")[0] == 0


@pytest.mark.parametrize(
    ("command", "marker"), [("import", "config.cfg of a pipeline"), ("export", "config.json of a HAT")]
)
def test_checkpoint_commands_never_replace_something_else(checkpoint, pipeline, tmp_path, command, marker):
    (tmp_path / "thesis.txt").write_text("mine")
    status, output = run(command, checkpoint if command == "import" else pipeline, tmp_path, "--force")
    assert status == 1
    assert f"(no {marker}" in output
    assert "and would be lost" in output
    assert (tmp_path / "thesis.txt").read_text() == "mine"
