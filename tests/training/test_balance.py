"""Whether documents with rare labels are to come more often."""

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hat.training.balance import unequal_labels


def write(path, **counts):
    """Documents with one label each."""
    nlp, docs = spacy.blank("en"), []
    for label, count in counts.items():
        for _ in range(count):
            doc = nlp.make_doc("Rent is due.")
            doc.cats = {other: float(other == label) for other in counts}
            docs.append(doc)
    DocBin(docs=docs).to_disk(path)
    return path


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"lease": 5, "loan": 2}, {"lease": 5, "loan": 2}),
        ({"lease": 4, "loan": 2}, {}),
        ({"loan": 1, "lease": 3, "will": 9}, {"will": 9, "loan": 1}),
        ({"lease": 7}, {}),
        ({"lease": 7, "loan": 0}, {}),
    ],
)
def test_unequal_labels_are_the_most_frequent_and_the_rarest(tmp_path, counts, expected):
    assert unequal_labels(["textcat"], write(tmp_path / "train.spacy", **counts)) == expected


def test_unequal_labels_counts_all_files_of_a_folder(tmp_path):
    write(tmp_path / "1.spacy", lease=2, loan=2)
    assert not unequal_labels(["textcat"], tmp_path)
    write(tmp_path / "2.spacy", lease=3)
    assert unequal_labels(["textcat"], tmp_path) == {"lease": 5, "loan": 2}


def test_unequal_labels_are_not_there_without_labels_of_documents(tmp_path):
    DocBin(docs=[spacy.blank("en").make_doc("Rent is due.")]).to_disk(tmp_path / "train.spacy")
    assert unequal_labels(["textcat"], tmp_path / "train.spacy") == {}


def test_unequal_labels_are_those_of_textcat_in_a_corpus_that_is_known(tmp_path):
    path = write(tmp_path / "train.spacy", lease=5, loan=2)
    assert unequal_labels(["textcat", "ner"], path)
    assert unequal_labels(["textcat_multilabel"], path) == unequal_labels(["textcat"], None) == {}
