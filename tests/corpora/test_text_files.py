"""Texts from files: every kind, folders, and what is said of files that cannot be read."""

import json

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_hat.corpora.text_files import read_texts


def write_spacy(path, texts):
    nlp = spacy.blank("en")
    DocBin(docs=nlp.pipe(texts)).to_disk(path)


def write_jsonl(path, texts):
    path.write_text("\n".join(json.dumps({"text": text, "meta": 1}) for text in texts) + "\n\n", encoding="utf8")


def test_read_texts_of_every_kind(tmp_path):
    write_spacy(tmp_path / "a.spacy", ["One two.", "Three."])
    write_jsonl(tmp_path / "b.jsonl", ["Four\nfive.", "Six é."])
    (tmp_path / "c.txt").write_text("Seven.\n\nEight.", encoding="utf8")
    (tmp_path / ".hidden.txt").write_text("no", encoding="utf8")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "d.md").write_text("Nine.", encoding="utf8")
    expected = ["One two.", "Three.", "Four\nfive.", "Six é.", "Seven.\n\nEight.", "Nine."]
    assert read_texts(tmp_path, Vocab()) == expected
    assert read_texts(tmp_path, Vocab(), limit=3) == expected[:3]
    assert read_texts(tmp_path / "c.txt", Vocab()) == expected[4:5]


def test_read_texts_leaves_out_empty_ones(tmp_path):
    write_jsonl(tmp_path / "texts.jsonl", ["", "One.", "  \n"])
    assert read_texts(tmp_path / "texts.jsonl", Vocab()) == ["One."]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        (None, None, "nothing at .*Expected: documents as .spacy"),
        ("a.txt", b" \n", "no text in"),
        ("a.txt", b"\xff\xfe\x00", "not text in UTF-8"),
        ("a.jsonl", b'{"text": "x"}\n{oh', "line 2 is not JSON"),
        ("a.jsonl", b'{"txt": "x"}', 'line 1 has no text.*under "text"'),
        ("a.jsonl", b'"x"', "line 1 has no text"),
        ("a.jsonl", b'{"text": 3}', "line 1 has no text"),
        ("a.spacy", b"no docs", "cannot be read as a DocBin"),
    ],
)
def test_read_texts_says_what_is_wrong(tmp_path, name, content, complaint):
    path = tmp_path / (name or "missing")
    if name:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"(?s){complaint}"):
        read_texts(path, Vocab())
