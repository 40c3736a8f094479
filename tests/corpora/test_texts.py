"""Texts from files: every form, folders, and what is said of files that cannot be read."""

import gzip
import json

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hat.corpora.sources import find_sources, form_of
from spacy_hat.corpora.texts import iterate_texts, read_texts


def write_spacy(path, texts):
    DocBin(docs=spacy.blank("en").pipe(texts)).to_disk(path)


def write_jsonl(path, texts):
    path.write_text("\n".join(json.dumps({"text": text, "meta": 1}) for text in texts) + "\n\n", encoding="utf8")


def test_read_texts_of_every_kind(tmp_path):
    write_spacy(tmp_path / "a.spacy", ["One two.", "Three."])
    write_jsonl(tmp_path / "b.jsonl", ["Four\nfive.", "Six é."])
    (tmp_path / "c.txt").write_text("Seven.\n\nEight.", encoding="utf8")
    (tmp_path / ".hidden.txt").write_text("no", encoding="utf8")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "d.md").write_text("Nine.", encoding="utf8")
    (tmp_path / "inner" / "e.CSV").write_text("id;text\n1;Ten.\n", encoding="utf8")
    expected = ["One two.", "Three.", "Four\nfive.", "Six é.", "Seven.\n\nEight.", "Nine.", "Ten."]
    assert read_texts(tmp_path) == expected
    assert read_texts(tmp_path, limit=3) == expected[:3]
    assert read_texts(tmp_path / "c.txt") == expected[4:5]


def test_read_texts_leaves_out_empty_ones(tmp_path):
    write_jsonl(tmp_path / "texts.jsonl", ["", "One.", "  \n"])
    assert read_texts(tmp_path / "texts.jsonl") == ["One."]


def test_texts_of_a_file_are_read_one_by_one(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "One."}\n{oh', encoding="utf8")
    (source,) = find_sources(tmp_path / "a.jsonl")
    assert next(iterate_texts(source)) == "One."


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "\ufeffOne.", ["One."]),
        ("a.txt", "One.\r\nTwo.", ["One.\nTwo."]),
        ("a.jsonl", '\ufeff{"text": "One."}\r\n', ["One."]),
        ("a.jsonl", '{"text": "One\u2028two\u0085three"}\n{"text": "Four"}', ["One\u2028two\u0085three", "Four"]),
        ("a.json", '[{"text": "One."}, {"text": "Two."}]', ["One.", "Two."]),
        ("a.json", '{"data": [{"text": "One."}], "version": 1}', ["One."]),
        ("a.ssv", 'text;n\n"One; two";1\n', ["One; two"]),
        ("a.tsv", "n\ttext\n1\tOne, two\n", ["One, two"]),
        ("a.csv", "n|text\n1|One, two; three\n", ["One, two; three"]),
        ("a.csv", "text\nOne\n\nTwo\n", ["One", "Two"]),
        ("a.jsonl", '{"sentences": [{"text": "One."}, {"text": "Two."}]}', ["One. Two."]),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_texts_are_those_of_the_file(tmp_path, name, content, expected, compressed):
    path = tmp_path / (name + ".gz" * compressed)
    path.write_bytes(gzip.compress(content.encode()) if compressed else content.encode())
    assert read_texts(path) == expected


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        (None, None, "nothing at .*Expected: documents as .txt"),
        ("a.txt", b" \n", "no text in"),
        ("a.txt", b"\xff\xfe\x00", "line 1 is not UTF-8"),
        ("a.pdf", b"%PDF-1.7\n\xe2\xe3", "line 2 is not UTF-8: .* leave it out of the folder"),
        ("a.txt", b"one\0two", "NUL character"),
        ("a.txt.gz", b"no gzip", "is damaged: Not a gzipped file"),
        ("a.txt.gz", gzip.compress(b"one" * 1000, mtime=0)[:-12], "is damaged"),
        ("a.jsonl", b'{"text": "x"}\n{oh', "line 2 is not JSON"),
        ("a.jsonl", b'{"txt": "x"}', "line 1 has no text under 'text'. Got: txt"),
        ("a.jsonl", b'"x"', "line 1 is a string"),
        ("a.jsonl", b'{"text": 3}', "line 1 has no text under 'text'. Got: int"),
        ("a.jsonl", b'{"text": "x"}\n{"text": "\xe9"}', "line 2 is not UTF-8"),
        ("a.jsonl", b'{"text": "\\u0000"}', "line 1 has a NUL"),
        ("a.jsonl", b'{"text": "a\\ud800"}', "line 1 has half a surrogate pair .character 1"),
        ("a.jsonl", b'{"text": "a", "id": "\\udc00"}', "line 1 has half a surrogate pair"),
        ("a.jsonl", b"[" * 100_000, "line 1 is nested too deeply"),
        ("a.jsonl", b'{"text": "a", "x": ' + b"[" * 150 + b"]" * 150 + b"}", "line 1 is nested more than 100 times"),
        ("a.jsonl", b'{"text": "a", "x": 1e999}', "line 1 is not JSON .1e999 is too large"),
        ("a.jsonl", b'{"text": "a", "x": NaN}', "line 1 is not JSON .NaN is not a number"),
        ("a.jsonl", b'{"text": "a", "text": "b"}', "line 1 is not JSON .the key 'text' stands twice"),
        ("a.json", b'{"text": "a"}', 'is an object. Expected: a list of objects, or {"data"'),
        ("a.json", b'{"text": "a"}\n{"text": "b"}', "is not JSON .Extra data: line 2.*name it .jsonl"),
        ("a.json", b"[1]", "document 1 is a number"),
        ("a.csv", b"text,n\na,1\nb\0,2\n", "line 3 has a NUL"),
        ("a.csv", b"text,n,text\na,1,b\n", "has the column 'text' twice"),
        ("a.parquet", b"no parquet", "cannot be read as Parquet"),
        ("a.spacy", b"no docs", "cannot be read as a DocBin"),
    ],
)
def test_read_texts_says_what_is_wrong(tmp_path, name, content, complaint):
    path = tmp_path / (name or "missing")
    if name:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"(?s){complaint}"):
        read_texts(path)


def test_delimiter_that_is_ambiguous_is_an_error(tmp_path):
    (tmp_path / "a.csv").write_text("text,a;text\n", encoding="utf8")
    with pytest.raises(ValueError, match=r"is ambiguous: .* a comma \(2 columns\) or a semicolon \(2 columns\)"):
        read_texts(tmp_path / "a.csv")


def test_files_of_a_folder_are_found_at_any_depth_and_in_order(tmp_path):
    for name in ("b/corpus.jsonl", "b/corpus.txt", "b/.hidden/x.txt", "corpus.txt", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("none")
    names = [str(source.path.relative_to(tmp_path)) for source in find_sources(tmp_path)]
    assert names == ["b/corpus.jsonl", "b/corpus.txt", "corpus.txt", "notes.md"]


def test_folder_without_files_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no files"):
        find_sources(tmp_path)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.NDJSON", "jsonl"), ("a.tsv.gz", "tsv"), ("a", "txt"), ("a.v1.md", "txt"), ("a.gz", "txt")],
)
def test_form_follows_the_ending(tmp_path, name, form):
    assert form_of(tmp_path / name) == form
