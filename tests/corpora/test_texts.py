"""The texts of a corpus in three forms."""

import json

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hat.corpora.texts import find_texts, read_texts

TEXTS = ["The appeal was dismissed.\nCosts follow.", "Ein Fall für das Gericht."]


def write_corpus(folder, ending, texts=TEXTS):
    path = folder / f"corpus{ending}"
    if ending == ".txt":
        path.write_text(texts[0], encoding="utf8")
    elif ending == ".jsonl":
        path.write_text("\n".join(json.dumps({"text": text, "id": 1}) for text in texts) + "\n\n", encoding="utf8")
    else:
        DocBin(docs=[spacy.blank("en")(text) for text in texts]).to_disk(path)
    return path


@pytest.mark.parametrize(("ending", "texts"), [(".txt", TEXTS[:1]), (".jsonl", TEXTS), (".spacy", TEXTS)])
def test_texts_are_read_whole(tmp_path, ending, texts):
    assert list(read_texts(write_corpus(tmp_path, ending))) == texts


def test_files_of_a_folder_are_found_at_any_depth_and_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    for ending in (".txt", ".jsonl", ".spacy"):
        write_corpus(tmp_path / "b", ending)
    write_corpus(tmp_path, ".txt")
    (tmp_path / "notes.md").write_text("none")
    names = [str(path.relative_to(tmp_path)) for path in find_texts(tmp_path)]
    assert names == ["b/corpus.jsonl", "b/corpus.spacy", "b/corpus.txt", "corpus.txt"]


def test_one_file_is_a_corpus(tmp_path):
    path = write_corpus(tmp_path, ".txt")
    assert find_texts(path) == [path]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"caf\xe9", "is not UTF-8: .* at byte 3"),
        ("a.jsonl", b'{"text": "fine"}\n{"text": 1}\n', "Line 2 of .*expected a JSON object with a string"),
        ("a.jsonl", b'["text"]', "Line 1 of"),
        ("a.jsonl", b"plain text", "Line 1 of"),
        ("a.spacy", b"no docs", "cannot be read as spaCy's documents"),
    ],
)
def test_file_that_is_not_what_its_name_says_is_an_error(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        list(read_texts(tmp_path / name))


def test_no_texts_are_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"holds no texts. Got: no file at all. Expected: .txt, .jsonl, .spacy"):
        find_texts(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"")
    with pytest.raises(ValueError, match=r"Got: .pdf"):
        find_texts(tmp_path)
    with pytest.raises(ValueError, match="is not there"):
        find_texts(tmp_path / "absent")
