"""`python -m spacy hat convert`: the corpora that it writes, and what it refuses."""

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_hat.cli import app


@pytest.fixture
def table(tmp_path):
    rows = "".join(f'"the court, {number}",{"ab"[number % 2]}|c\n' for number in range(20))
    (tmp_path / "docs.csv").write_text(f"body,kind\n{rows}")
    return tmp_path / "docs.csv"


COLUMNS = ["--text", "body", "--label", "kind"]


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and what was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", "convert", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def docs(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def test_convert_command_splits_into_a_folder(table, tmp_path):
    status, output = run(table, tmp_path / "corpus", *COLUMNS, "--dev", "0.2", "--test", "0.1", "--separator", "|")
    assert status == 0
    assert "label train dev test ----- ----- --- ---- a 7 2 1 b 7 2 1 c 14 4 2" in output
    sizes = {path.stem: len(docs(path)) for path in (tmp_path / "corpus").glob("*.spacy")}
    assert sizes == {"train": 14, "dev": 4, "test": 2}
    assert set(docs(tmp_path / "corpus" / "dev.spacy")[0].cats) == {"a", "b", "c"}


def test_convert_command_writes_one_file(table, tmp_path):
    assert run(table, tmp_path / "all.spacy", *COLUMNS, "--lang", "de")[0] == 0
    found = docs(tmp_path / "all.spacy")
    assert sorted(doc.text for doc in found) == sorted(f"the court, {number}" for number in range(20))
    by_text = {doc.text: doc for doc in found}
    assert by_text["the court, 1"].cats == {"a|c": 0.0, "b|c": 1.0}


def test_convert_command_reads_stdin(tmp_path):
    lines = "".join(f'{{"text": "text {number}", "label": "ab"}}\n' for number in range(3))
    result = CliRunner().invoke(app, ["hat", "convert", "-", str(tmp_path / "all.spacy")], input=lines)
    assert result.exit_code == 0
    assert len(docs(tmp_path / "all.spacy")) == 3


def test_convert_command_tells_what_it_did(tmp_path):
    rows = [
        '{"text": "one. two", "label": 1, "spans": [{"start": 6, "end": 8, "label": "x"}]}',
        '{"text": "one.  two", "label": 2}',
        '{"text": "", "label": 1}',
        '{"sentences": [{"text": "five"}]}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    status, output = run(tmp_path / "a.jsonl", tmp_path / "all.spacy")
    assert status == 0
    for part in (
        "Saved 3 documents",
        "1 documents without text are left out",
        "1 documents have no label",
        "1 documents have the text of another one, and are in the same part; 1 of them have other labels",
        "1 spans begin or end inside a token",
        "1 documents have sentences of their own",
        "The labels of documents are whole numbers",
    ):
        assert part in output


def test_convert_command_splits_by_its_seed(table, tmp_path):
    for seed in (0, 1):
        run(table, tmp_path / str(seed), *COLUMNS, "--seed", seed, "--test", "0")
    texts = [[doc.text for doc in docs(tmp_path / seed / "dev.spacy")] for seed in "01"]
    assert texts[0] != texts[1]
    assert not (tmp_path / "0" / "test.spacy").exists()


def test_convert_command_keeps_what_is_there_unless_forced(table, tmp_path):
    (tmp_path / "all.spacy").write_text("mine")
    status, output = run(table, tmp_path / "all.spacy", *COLUMNS)
    assert status == 1
    assert "is there already. Choose another, or replace it with --force" in output
    assert (tmp_path / "all.spacy").read_text() == "mine"
    status, output = run(table, tmp_path / "all.spacy", *COLUMNS, "--force")
    assert status == 1
    assert "It is not a corpus" in output
    (tmp_path / "all.spacy").unlink()
    for force in ([], ["--force"]):
        assert run(table, tmp_path / "all.spacy", *COLUMNS, *force)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.csv", "corpus"], "There is nothing at absent.csv. Expected: documents as .txt"),
        (["docs.csv", "corpus"], "no column 'text'. Got: body, kind"),
        (["docs.csv", "corpus", *COLUMNS, "--lang", "xy"], "spaCy has no language 'xy'"),
        (["docs.csv", "corpus", *COLUMNS, "--dev", "0.5", "--test", "0.5"], "leave nothing for train: 0.5 + 0.5"),
        (["docs.csv", "corpus", *COLUMNS, "--dev", "0.01"], "20 documents leave none for dev"),
    ],
)
def test_convert_command_answers_mistakes(table, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output = run(*arguments)
    assert status == 1
    assert message in output
    assert not (tmp_path / "corpus").exists()
