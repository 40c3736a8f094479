"""What reads whole documents without training an encoder, on documents that one word tells apart."""

import numpy
import pytest
import spacy
from spacy.tokens import Doc, DocBin

from scripts.compare import document_baselines
from scripts.compare.document_baselines import FrozenVectors, OwnTextcat, document_vectors, fit_baseline
from scripts.compare.methods import METHODS, WithWords

from ..support.pipelines import OUTCOMES, make_nlp, save_hat

NLP = spacy.blank("en")


def told_apart(n_docs: int) -> list[Doc]:
    docs = [NLP.make_doc(f"this is the court. {OUTCOMES[number % 2]}") for number in range(n_docs)]
    for number, doc in enumerate(docs):
        doc.cats = {"A": float(number % 2 == 0), "B": float(number % 2)}
    return docs


@pytest.fixture
def corpus(tmp_path):
    for part, n_docs in (("train", 12), ("dev", 4)):
        DocBin(docs=told_apart(n_docs)).to_disk(tmp_path / f"{part}.spacy")
    return tmp_path


@pytest.mark.parametrize(
    "method",
    [OwnTextcat("bag of words"), OwnTextcat("ensemble"), FrozenVectors("S|S")],
    ids=["bag", "ensemble", "frozen"],
)
def test_document_baseline_learns_a_word(corpus, tmp_path, monkeypatch, method):
    monkeypatch.setattr(document_baselines, "EPOCHS", 3)
    folder = tmp_path / "hat"
    folder.mkdir()
    label = fit_baseline(method, corpus, lambda layout: save_hat(folder, layout=layout), seed=0)
    assert label(told_apart(4)) == ["A", "B", "A", "B"]


def test_document_vectors_are_means_of_real_pieces(hat_folder):
    nlp = make_nlp(hat_folder, packing="sentences")
    nlp.initialize()
    docs = told_apart(3)
    together = document_vectors(nlp, docs)
    numpy.testing.assert_allclose(together[1:2], document_vectors(nlp, docs[1:2]), atol=1e-5)
    assert together.shape == (3, 64)


def test_methods_put_words_beside_every_encoder_of_documents():
    methods = METHODS["speeches"]
    assert methods["HAT, identity start + words"] == WithWords("HAT, identity start")
    assert "independent segments + words" in methods
    assert not any(isinstance(method, WithWords) for method in METHODS["reference"].values())
