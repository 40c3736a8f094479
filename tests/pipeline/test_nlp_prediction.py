"""Prediction: whatever the batch, the portion, the thread or the precision, the same answer."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from spacy.tokens import Doc, DocBin

from ..support.pipelines import has_gpu, initialize, make_nlp, make_text, predictions, train

TEXTS = [" ".join(make_text(number) for number in range(start, start + 3)) for start in range(50, 58)]


@pytest.fixture(scope="module")
def trained(hat_folder):
    nlp = make_nlp(hat_folder, "textcat", "spancat_singlelabel", "tagger", packing="sentences")
    train(nlp, initialize(nlp), 20)
    return nlp


@pytest.fixture(scope="module")
def expected(trained):
    return predictions(trained.pipe(TEXTS))


def with_settings(nlp, **settings):
    """The same weights behind other settings of HATModel.v1."""
    made = make_nlp("unused", "textcat", "spancat_singlelabel", "tagger", **{"packing": "sentences", **settings})
    return made.from_bytes(nlp.to_bytes())


def assert_same(found, expected, atol=1e-5):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one["cats"] == pytest.approx(other["cats"], abs=atol)
        assert (one["tags"], one["spans"]) == (other["tags"], other["spans"])


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_nlp_prediction_does_not_depend_on_the_batch(trained, expected, batch_size):
    assert_same(predictions(trained.pipe(TEXTS, batch_size=batch_size)), expected)


@pytest.mark.parametrize("max_batch_pieces", [1, 20])
def test_nlp_prediction_does_not_depend_on_the_micro_batch(trained, expected, max_batch_pieces):
    assert_same(predictions(with_settings(trained, max_batch_pieces=max_batch_pieces).pipe(TEXTS)), expected)


def test_nlp_prediction_in_bfloat16_is_close(trained, expected):
    assert_same(predictions(with_settings(trained, precision="bfloat16").pipe(TEXTS)), expected, atol=0.05)


@pytest.mark.filterwarnings("ignore:precision is")
def test_nlp_prediction_in_8_bits_is_close_and_does_not_depend_on_the_batch(trained, expected):
    quantised = with_settings(trained, precision="int8")
    found = predictions(quantised.pipe(TEXTS))
    assert_same(found, expected, atol=0.1)
    assert_same(predictions(map(quantised, TEXTS)), found, atol=0.02)


def test_nlp_predicts_the_same_in_two_threads(trained, expected):
    with ThreadPoolExecutor(2) as pool:
        assert_same(predictions(pool.map(trained, TEXTS * 3)), expected * 3)


def test_nlp_predicts_the_same_after_training_without_effect(trained, expected):
    # Training mode must not be left on.
    trained.update([], losses={})
    doc = trained.get_pipe("sentencizer")(trained.make_doc(TEXTS[0]))
    trained.get_pipe("transformer").model.begin_update([doc])
    assert_same(predictions(trained.pipe(TEXTS)), expected)


def through_doc_bin(docs, vocab):
    stored = DocBin(docs=docs, store_user_data=True).to_bytes()
    return DocBin().from_bytes(stored).get_docs(vocab)


def through_bytes(docs, vocab):
    return [Doc(vocab).from_bytes(doc.to_bytes()) for doc in docs]


def through_pickle(docs, vocab):
    return [pickle.loads(pickle.dumps(doc)) for doc in docs]


def through_copy(docs, vocab):
    return [doc.copy() for doc in docs]


@pytest.mark.parametrize("through", [through_doc_bin, through_bytes, through_pickle, through_copy])
def test_nlp_output_survives_serialization_of_the_document(trained, expected, through):
    docs = list(trained.pipe([TEXTS[0], "", " "]))
    copies = list(through(docs, trained.vocab))
    assert_same(predictions(copies[:1]), expected[:1])
    for doc, copy in zip(docs, copies, strict=True):
        assert len(copy._.trf_data.tensors) == len(doc._.trf_data.tensors)
        assert all(map(np.array_equal, copy._.trf_data.tensors, doc._.trf_data.tensors))
        assert copy._.trf_data.align.lengths.tolist() == doc._.trf_data.align.lengths.tolist()


@pytest.mark.gpu
@has_gpu
def test_nlp_predicts_the_same_on_a_gpu(trained, expected):
    for _, pipe in trained.pipeline:
        if hasattr(pipe, "model"):
            pipe.model.to_gpu(0)
    try:
        assert_same(predictions(trained.pipe(TEXTS)), expected, atol=1e-3)
    finally:
        for _, pipe in trained.pipeline:
            if hasattr(pipe, "model"):
                pipe.model.to_cpu()
