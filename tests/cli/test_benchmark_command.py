"""`python -m spacy hat benchmark`: what it prints and writes, its options, and its errors."""

import json

import pytest
import spacy
from typer.testing import CliRunner

from spacy_hat.cli import app

from ..support.pipelines import initialize, make_nlp, make_text

N_DOCS = 5


@pytest.fixture(scope="module")
def model(tmp_path_factory, hat_folder):
    """RETURNS (Path): A pipeline on disk."""
    nlp = make_nlp(hat_folder, "textcat")
    initialize(nlp)
    folder = tmp_path_factory.mktemp("pipeline")
    nlp.to_disk(folder)
    return folder


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": make_text(n)}) + "\n" for n in range(N_DOCS)), encoding="utf8")
    return path


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", "benchmark", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def figures_of(model, texts, out, *options):
    status, output = run(model, texts, "--json", out, "--force", "--passes", 1, *options)
    assert status == 0, output
    return json.loads(out.read_text(encoding="utf8"))


def test_benchmark_command_prints_and_writes_the_figures(model, texts, tmp_path):
    status, output = run(model, texts, "--passes", 2, "--json", tmp_path / "made" / "figures.json")
    assert status == 0, output
    for wanted in ("words a second", "pieces a second", "padding avoided", "outside the encoder", "tokenise"):
        assert wanted in output
    found = json.loads((tmp_path / "made" / "figures.json").read_text(encoding="utf8"))
    assert found["docs"] == N_DOCS
    assert len(found["seconds_of_each_pass"]) == 2
    assert sum(found["shares"].values()) == pytest.approx(1.0)
    assert {"cpu", "cores", "torch", "capability"} <= found["machine"].keys()


def test_benchmark_command_reads_no_more_than_the_limit(model, texts, tmp_path):
    assert figures_of(model, texts, tmp_path / "out.json", "--limit", 2)["docs"] == 2


def test_benchmark_command_takes_as_many_documents_at_once_as_told(model, texts, tmp_path):
    avoided = [
        figures_of(model, texts, tmp_path / "out.json", "--batch-size", size)["padding_avoided_to_longest"]
        for size in (1, N_DOCS)
    ]
    assert avoided[0] < avoided[1]


def test_benchmark_command_reads_documents_longer_than_spacy_likes(model, tmp_path, monkeypatch):
    (tmp_path / "long.txt").write_text(make_text(0) * 3, encoding="utf8")
    load = spacy.util.load_model

    def load_strict(name):
        nlp = load(name)
        nlp.max_length = 10
        return nlp

    monkeypatch.setattr(spacy.util, "load_model", load_strict)
    assert figures_of(model, tmp_path / "long.txt", tmp_path / "out.json")["docs"] == 1


def test_benchmark_command_imports_code_that_the_pipeline_needs(model, texts, tmp_path):
    nlp = spacy.load(model)
    own = "from spacy.language import Language\n@Language.component('own_of_benchmark')\ndef own(doc): return doc\n"
    (tmp_path / "own.py").write_text(own, encoding="utf8")
    config = (model / "config.cfg").read_text(encoding="utf8")
    folder = tmp_path / "pipeline"
    nlp.to_disk(folder)
    config = config.replace('"textcat"]', '"textcat","own"]') + '\n[components.own]\nfactory = "own_of_benchmark"\n'
    (folder / "config.cfg").write_text(config, encoding="utf8")
    status, output = run(folder, texts)
    assert status == 1
    assert "own_of_benchmark" in output
    assert figures_of(folder, texts, tmp_path / "out.json", "--code", tmp_path / "own.py")["docs"] == N_DOCS


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("model", "Cannot measure"),
        ("texts", "There is nothing at"),
        ("out", "It is a folder, expected a file or nothing"),
        ("gpu", "GPU"),
    ],
)
def test_benchmark_command_says_what_is_wrong(model, texts, tmp_path, wrong, complaint):
    if wrong == "gpu" and spacy.prefer_gpu():
        pytest.skip("there is a GPU")
    status, output = run(
        tmp_path / "no" if wrong == "model" else model,
        tmp_path / "no" if wrong == "texts" else texts,
        *(("--json", tmp_path) if wrong == "out" else ()),
        *(("--gpu-id", "0") if wrong == "gpu" else ()),
    )
    assert status == 1
    assert complaint in output


def test_benchmark_command_wants_an_encoder(texts, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "plain")
    status, output = run(tmp_path / "plain", texts)
    assert status == 1
    assert "There is no HAT encoder to measure" in output


def test_benchmark_command_teaches():
    status, output = run("--help")
    assert status == 0
    for taught in ("Example:", "--passes", "spaCy tokens", ".jsonl"):
        assert taught in output
