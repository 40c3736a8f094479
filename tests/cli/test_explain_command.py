"""`python -m spacy hat explain`: what it prints and writes, and how it says what is wrong."""

import json
import re

import pytest
import torch
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.explanations import METHODS

from ..support.explained import pipeline
from ..support.pipelines import make_text, save_hat


@pytest.fixture(scope="module")
def model(hat_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    nlp = pipeline(hat_folder, "textcat", "spancat")
    nlp.add_pipe("doc_cleaner", config={"attrs": {"_.trf_data": None}})
    nlp.to_disk(folder)
    return folder


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "judgment.txt"
    file.write_text(make_text(0) + "\n\n" + make_text(1), encoding="utf8")
    return file


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", "explain", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_explain_command_lists_sentences_and_writes_a_page(model, text, tmp_path):
    status, output = run(model, text, "--html", tmp_path / "out" / "page.html")
    assert status == 0
    assert "textcat on judgment.txt" in output
    page = (tmp_path / "out" / "page.html").read_text(encoding="utf8")
    assert "<h1>judgment.txt</h1>" in page
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["page.html"]


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_explain_command_writes_all_scores(model, text, tmp_path, method):
    status, _ = run(model, text, "--json", tmp_path / "scores.json", "--method", method)
    assert status == 0
    found = json.loads((tmp_path / "scores.json").read_text(encoding="utf8"))
    assert {one["label"] for one in found} == {"ALLOWED", "DISMISSED"}
    assert {one["method"] for one in found} == {method}
    assert len(found[0]["sentences"]) == 10


def test_explain_command_begins_with_the_label_that_is_asked_for(model, text):
    outputs = [run(model, text, "--label", label)[1] for label in ("ALLOWED", "DISMISSED")]
    assert "judgment.txt: ALLOWED" in outputs[0]
    assert "judgment.txt: DISMISSED" in outputs[1]


def test_explain_command_explains_the_label_of_a_sentence(model, text, tmp_path):
    status, output = run(model, text, "--sentence", 2, "--component", "spancat", "--html", tmp_path / "page.html")
    assert status == 0
    assert "spancat on sentence 2 of judgment.txt" in output
    assert 'class="s asked" id="s2"' in (tmp_path / "page.html").read_text(encoding="utf8")


def test_explain_command_lists_as_many_as_asked_for(model, text):
    counts = [run(model, text, "--top", top)[1].count("+0.") for top in (1, 10)]
    assert counts[0] == 1 < counts[1]


MISTAKES = {
    "no such text": (
        lambda m, t: (m, t.with_name("absent.txt")),
        "There is nothing at.*absent.txt",
    ),
    "a text of other bytes": (lambda m, t: (m, latin(t)), "UTF-8"),
    "no such pipeline": (lambda m, t: (m / "absent", t), "Cannot explain .*absent cannot be loaded"),
    "no such label": (lambda m, t: (m, t, "--label", "GUILTY"), "no label 'GUILTY'"),
    "no such sentence": (lambda m, t: (m, t, "--sentence", "99"), "no sentence 99.*1 to 10"),
    "no such component": (lambda m, t: (m, t, "--component", "ner"), "no component 'ner'"),
    "a head without attention": (lambda m, t: (m, t, "--method", "attention"), "no attention weights"),
    "a classifier of sentences, and none named": (lambda m, t: (m, t, "--component", "spancat"), "--sentence 1"),
    "an empty text": (lambda m, t: (m, empty(t)), "There is no text in"),
    "a folder for the page": (lambda m, t: (m, t, "--html", t.parent), "Cannot write to.*is a folder"),
}


def latin(file):
    file.write_bytes(b"caf\xe9.")
    return file


def empty(file):
    file.write_text("")
    return file


@pytest.mark.parametrize("mistake", MISTAKES)
def test_explain_command_says_what_is_wrong_and_fails(model, text, mistake):
    arguments, message = MISTAKES[mistake]
    status, output = run(*arguments(model, text))
    assert status == 1
    assert re.search(message, output)


def test_explain_command_offers_every_method():
    status, output = run("model", "file", "--method", "guessing")
    assert status == 2
    assert ", ".join(f"'{method}'" for method in METHODS) in re.sub(r"[\s│]+", " ", output)


def test_explain_command_lists_for_and_against_by_number(model, text):
    outputs = [run(model, text, "--top", 10, "--label", label)[1] for label in ("ALLOWED", "DISMISSED")]
    assert any(re.search(r"score no\. for", output) for output in outputs)
    assert any(re.search(r"score no\. against", output) for output in outputs)
    output = " ".join(outputs[:1])
    found = [int(number) for number in re.findall(r"[+-]0\.\d{4} (\d+) ", output)]
    assert sorted(found) == sorted(set(found))
    assert set(found) <= set(range(1, 11))


@pytest.fixture
def several(tmp_path):
    file = tmp_path / "judgments.jsonl"
    file.write_text("".join(json.dumps({"text": make_text(number)}) + "\n" for number in range(3)), encoding="utf8")
    return file


def test_explain_command_explains_several_documents(model, several, tmp_path):
    status, output = run(model, several, "--json", tmp_path / "scores.json", "--html", tmp_path / "pages")
    assert status == 0, output
    assert all(f"judgments.jsonl, document {number}" in output for number in (1, 2, 3))
    found = json.loads((tmp_path / "scores.json").read_text(encoding="utf8"))
    assert [one["document"] for one in found] == [1, 1, 2, 2, 3, 3]
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == ["1.html", "2.html", "3.html"]
    assert run(model, several, "--html", tmp_path / "pages")[0] == 1
    assert run(model, several, "--html", tmp_path / "pages", "--force", "--limit", 2)[0] == 0
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == ["1.html", "2.html"]


def test_explain_command_replaces_no_folder_with_anything_but_pages(model, several, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "mine.txt").write_text("mine")
    status, output = run(model, several, "--html", tmp_path / "pages", "--force")
    assert status == 1
    assert "would be lost" in output
    assert (tmp_path / "pages" / "mine.txt").read_text() == "mine"


def test_explain_command_reads_stdin(model):
    result = CliRunner().invoke(app, ["hat", "explain", str(model), "-"], input=json.dumps({"text": make_text(0)}))
    assert result.exit_code == 0, result.output
    assert "textcat on stdin" in result.output


def test_explain_command_checks_the_label_before_it_reads(model, text, monkeypatch):
    monkeypatch.setattr("spacy.language.Language.__call__", lambda *_, **__: pytest.fail("the pipeline was run"))
    status, output = run(model, text, "--label", "GUILTY")
    assert status == 1
    assert "no label 'GUILTY'" in output


def test_explain_command_says_which_scores_are_estimates(text, tmp_path):
    (tmp_path / "hat").mkdir()
    nlp = pipeline(save_hat(tmp_path / "hat", layout="S|SD|S|SD"), "textcat")
    nlp.to_disk(tmp_path / "model")
    status, output = run(
        tmp_path / "model", text, "--exact", 2, "--json", tmp_path / "scores.json", "--html", tmp_path / "page.html"
    )
    assert status == 0
    assert "2 sentences were taken out. The scores of the other 8" in output
    sentences = json.loads((tmp_path / "scores.json").read_text(encoding="utf8"))[0]["sentences"]
    assert sum(one["exact"] for one in sentences) == 2
    assert re.search(r'"estimates": \[\d+(, \d+){7}\]', (tmp_path / "page.html").read_text(encoding="utf8"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_explain_command_says_that_there_is_no_gpu(model, text, capfd):
    status, output = run(model, text, "--gpu-id", "0")
    assert status == 1
    assert "GPU" in output + capfd.readouterr().err
