"""How the project's steps write the parts of a corpus."""

import pytest
import spacy
from spacy.tokens import DocBin

from scripts.corpus_files import write_parts
from spacy_hat.machine.places import PlaceError

NAMES = ["train", "dev", "test"]


def docs(text):
    return [spacy.blank("en")(text)]


def texts(folder):
    vocab = spacy.blank("en").vocab
    return {
        path.stem: [doc.text for doc in DocBin().from_disk(path).get_docs(vocab)] for path in folder.glob("*.spacy")
    }


def test_parts_replace_those_of_before(tmp_path):
    write_parts({name: docs("old") for name in NAMES}, tmp_path / "corpus")
    write_parts({name: docs(name) for name in NAMES}, tmp_path / "corpus")
    assert texts(tmp_path / "corpus") == {name: [name] for name in NAMES}


def test_parts_are_all_old_if_one_cannot_be_written(tmp_path):
    write_parts({name: docs("old") for name in NAMES}, tmp_path / "corpus")
    with pytest.raises(AttributeError):
        write_parts({"train": docs("new"), "dev": docs("new"), "test": [None]}, tmp_path / "corpus")
    assert texts(tmp_path / "corpus") == {name: ["old"] for name in NAMES}


def test_parts_do_not_replace_a_folder_of_somebody_else(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(PlaceError):
        write_parts({"train": docs("new")}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
