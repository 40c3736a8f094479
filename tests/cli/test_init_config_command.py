"""`python -m spacy hat init-config`: what it writes and prints, and what it will not overwrite."""

import pytest
import spacy
from spacy.tokens import DocBin
from thinc.api import Config
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.training.config import training_config


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and what was printed on stdout."""
    result = CliRunner().invoke(app, ["hat", "init-config", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout if result.exit_code == 0 else result.output


@pytest.mark.parametrize("tasks", [["-t", "textcat,ner"], ["--task", "textcat", "--task", "ner"]])
def test_init_config_command_prints_the_config_and_nothing_else(tasks):
    assert run("-", *tasks) == (0, training_config(["textcat", "ner"]))


def test_init_config_command_passes_its_options_on(tmp_path):
    DocBin(docs=[spacy.blank("de").make_doc("hallo")] * 500).to_disk(tmp_path / "train.spacy")
    options = ["--hat", "models/hat", "--train", tmp_path / "train.spacy", "--dev", tmp_path, "--lang", "de"]
    status, output = run(tmp_path / "new" / "my.cfg", "-t", "ner", *options, "--optimize", "accuracy", "--gpu")
    assert status == 0
    assert "--paths" not in output
    config = Config().from_disk(tmp_path / "new" / "my.cfg")
    assert config["paths"]["hat"] == "models/hat"
    assert config["paths"]["train"] == (tmp_path / "train.spacy").as_posix()
    assert config["paths"]["dev"] == tmp_path.as_posix()
    assert config["nlp"]["lang"] == "de"
    assert config["training"]["max_steps"] == 8 * 250
    assert config["components"]["transformer"]["model"]["transformer_config"] == {"frozen_blocks": 0}
    assert config["nlp"]["batch_size"] == 64


def test_init_config_command_says_what_is_still_to_give(tmp_path):
    _, output = run(tmp_path / "my.cfg", "-t", "ner", "--hat", "models/hat")
    assert f"spacy hat debug {tmp_path / 'my.cfg'} --paths.train … --paths.dev …\n" in output


def test_init_config_command_keeps_what_is_there_unless_forced(tmp_path):
    (tmp_path / "my.cfg").write_text("mine")
    status, output = run(tmp_path / "my.cfg", "-t", "ner")
    assert status == 1
    assert "Choose another, or replace it with --force" in " ".join(output.split())
    assert (tmp_path / "my.cfg").read_text() == "mine"
    status, output = run(tmp_path / "my.cfg", "-t", "ner", "--force")
    assert status == 1
    assert "It is not a config (no [nlp] in it), and would be lost" in " ".join(output.split())
    (tmp_path / "my.cfg").write_text("[nlp]\n")
    assert run(tmp_path / "my.cfg", "-t", "ner", "--force")[0] == 0
    assert (tmp_path / "my.cfg").read_text() == training_config(["ner"], file=(tmp_path / "my.cfg").as_posix())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "-t", "parser"], "Unknown task: parser. Expected some of textcat,"),
        (["-", "-t", ","], "No task is given"),
        (["-", "-t", "ner", "--train", "absent.spacy"], "There is no corpus at absent.spacy. Expected a .spacy file"),
        (["-", "-t", "ner", "--dev", "absent.spacy"], "There is no corpus at absent.spacy"),
        (["-", "-t", "ner", "--lang", "xy"], "spaCy has no language 'xy'"),
        ([".", "-t", "ner", "--force"], "is a folder, expected a file or nothing"),
    ],
)
def test_init_config_command_answers_mistakes(arguments, message):
    status, output = run(*arguments)
    assert status == 1
    assert message in " ".join(output.split())


@pytest.mark.parametrize(
    ("task", "option", "batcher"),
    [
        ("textcat", [], "spacy-hat.batch_balanced.v1"),
        ("textcat", ["--unbalanced"], "spacy.batch_by_sequence.v1"),
        ("textcat_multilabel", [], "spacy.batch_by_sequence.v1"),
        ("textcat_multilabel", ["--balanced"], "spacy-hat.batch_balanced.v1"),
        ("ner", [], "spacy.batch_by_sequence.v1"),
    ],
)
def test_init_config_command_balances_labels_of_unequal_size_and_says_so(tmp_path, task, option, batcher):
    docs = [spacy.blank("en").make_doc("Rent is due.") for _ in range(5)]
    for doc, label in zip(docs, ["lease"] * 4 + ["loan"], strict=True):
        doc.cats = {label: 1.0}
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    _, output = run(tmp_path / "my.cfg", "-t", task, "--train", tmp_path / "train.spacy", *option)
    assert Config().from_disk(tmp_path / "my.cfg", interpolate=False)["training"]["batcher"]["@batchers"] == batcher
    assert ("('lease' 4 and 'loan' 1 documents)" in " ".join(output.split())) == (task == "textcat" and not option)
