"""`python -m spacy hat debug`: exit status, JSON, and a page for the terminal."""

import json

import pytest
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.cli.debug_tables import duration, size
from spacy_hat.training.config import training_config
from spacy_hat.training.steps import Steps


@pytest.fixture
def config(corpus, hat_folder, tmp_path):
    paths = {"train": str(corpus), "dev": str(corpus), "hat": str(hat_folder)}
    steps = Steps(max_steps=8, eval_frequency=4, warmup_steps=2)
    (tmp_path / "my.cfg").write_text(training_config(["textcat", "spancat"], steps=steps, **paths))
    return tmp_path / "my.cfg"


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and what was printed on stdout."""
    result = CliRunner().invoke(app, ["hat", "debug", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_debug_command_prints_json_and_nothing_else(config):
    status, output = run(config, "--json")
    report = json.loads(output)
    assert status == 0
    assert set(report) == {"encoder", "corpora", "batch", "problems", "warnings"}
    assert report["corpora"]["train"]["n_docs"] == 8
    assert report["batch"]["n_docs"] == 2


def test_debug_command_prints_a_page(config):
    status, output = run(config)
    page = " ".join(output.split())
    assert status == 0
    for part in (
        "layout SD|S",
        "pieces cut off 0 0",
        "Pieces of a document, train",
        "█ 4",
        "Labels of textcat",
        "a 4 4",
        "100.0% of 20 annotated spans equal a sentence",
        "A batch of 2 documents, ",
        "An epoch at this rate",
        "documents of dev are in train too",
        "Nothing here would waste a training run",
    ):
        assert part in page


def test_debug_command_ends_with_1_on_a_problem(config):
    status, output = run(config, "--no-batch", "--training.annotating_components", "[]")
    assert status == 1
    assert "8 of 8 documents in train have no sentences" in " ".join(output.split())


def test_debug_command_takes_overrides_limit_and_no_batch(config):
    status, output = run(config, "--json", "--no-batch", "--limit", "3", "--components.transformer.model.packing=fixed")
    report = json.loads(output)
    assert status == 0
    assert report["encoder"]["packing"] == "fixed"
    assert report["corpora"]["train"]["n_docs"] == 3
    assert report["batch"] is None


def test_debug_command_looks_at_a_corpus(corpus, hat_folder):
    status, output = run(corpus, "--hat", hat_folder, "--lang", "xx", "--limit", "6", "--json")
    report = json.loads(output)
    assert status == 0
    assert list(report["corpora"]) == ["corpus"]
    assert report["corpora"]["corpus"]["n_docs"] == 6
    assert report["corpora"]["corpus"]["labels"]["textcat"] == {"a": 4, "b": 2}


def test_debug_command_imports_code(config, tmp_path):
    (tmp_path / "mine.py").write_text("raise ValueError('this is mine')")
    status, output = run(config, "--code", tmp_path / "mine.py")
    assert status == 1
    assert "this is mine" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.cfg"], "There is no config at absent.cfg. To make one: python -m spacy hat init-config"),
        (["absent.spacy", "--hat", "hat"], "There is no corpus at absent.spacy. Expected a .spacy file"),
        (["absent.spacy"], "counted with the tokenizer of a HAT. Name it: --hat"),
        (["absent.spacy", "--hat", "hat", "--paths.train", "x"], "A corpus has no settings. Got: --paths.train x"),
        (["absent.cfg", "--hat", "hat"], "A config names its encoder itself. Name another by --paths.hat hat"),
        (["setup.cfg"], "no HAT"),
    ],
)
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_debug_command_answers_mistakes(arguments, message, as_json, tmp_path, monkeypatch):
    (tmp_path / "setup.cfg").write_text('[nlp]\nlang = "en"\npipeline = []\n')
    monkeypatch.chdir(tmp_path)
    status, output = run(*arguments, *as_json)
    assert status == 1
    assert message in " ".join(output.split())


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0123, "0.012 s"), (8.0, "8 s"), (42.4, "42 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_duration_has_the_unit_that_fits(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("n_bytes", "text"), [(5 * 2**20, "5 MB"), (3 * 2**29, "1.5 GB")])
def test_size_has_the_unit_that_fits(n_bytes, text):
    assert size(n_bytes) == text
