"""What holds of the encoder on any text: finite vectors, whatever the batch, and no warning of its length."""

import logging
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_hat.architectures import hat_model_v1

from ..support.odd_text import examples, odd_docs
from ..support.pipelines import save_hat
from ..support.tokenizers_tiny import SCRIPT_TOKENIZERS

NLP = spacy.blank("en")
PACKINGS = ["sentences", "greedy", "fixed"]
batches = st.lists(odd_docs(NLP, max_words=5), min_size=1, max_size=4)


@pytest.fixture(scope="module", params=SCRIPT_TOKENIZERS)
def encoders(request, tmp_path_factory):
    """Packing -> encoder, with one family of tokenizers."""
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    folder = save_hat(tmp_path_factory.mktemp("hat"), request.param, max_segments=3, **sizes)
    models = {packing: hat_model_v1(str(folder), packing=packing) for packing in PACKINGS}
    for model in models.values():
        model.initialize()
    return models


@contextmanager
def no_warnings():
    """Neither of Python nor of transformers, whose logger passes nothing on to others."""
    records = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: records.append(record.getMessage())
    logger = logging.getLogger("transformers")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield records
    finally:
        logger.removeHandler(handler)
    assert records == []


def vectors(model, docs):
    """Of each document: the ids of its pieces, the vectors of its segments, and those of the pieces of its tokens."""
    found = []
    for doc, data in zip(docs, model.predict(docs).doc_data, strict=True):
        hidden = data.tensors[0] if data.tensors else np.zeros((0, 1, 16), dtype="float32")
        rows = hidden.reshape(-1, 16)
        lengths = data.align.lengths.tolist()
        assert len(lengths) == len(doc)
        real = data.wordpieces.attention_mask == 1
        ids = data.wordpieces.input_ids[real].tolist()
        segments = hidden[: len(data.wordpieces)].reshape(-1, hidden.shape[1], 16)[:, 0]
        found.append((ids, lengths, segments, rows[data.align.dataXd.reshape(-1)]))
    return found


def assert_same(found, expected):
    for (ids, lengths, *arrays), (their_ids, their_lengths, *their_arrays) in zip(found, expected, strict=True):
        assert (ids, lengths) == (their_ids, their_lengths)
        for array, theirs in zip(arrays, their_arrays, strict=True):
            np.testing.assert_allclose(array, theirs, atol=1e-5)


@examples(50)
@given(docs=batches, packing=st.sampled_from(PACKINGS), data=st.data())
def test_hat_reads_any_text_finitely_and_whatever_the_batch(encoders, docs, packing, data):
    model = encoders[packing]
    order = data.draw(st.permutations(range(len(docs))))
    with no_warnings():
        alone = [vectors(model, [doc])[0] for doc in docs]
        batched = vectors(model, docs)
        permuted = vectors(model, [docs[i] for i in order])
    for _, _, segments, pieces in batched:
        assert np.isfinite(segments).all()
        assert np.isfinite(pieces).all()
    assert_same(batched, alone)
    assert_same(permuted, [batched[i] for i in order])


def test_transformers_itself_warns_of_a_long_text(encoders):
    tokenizer = encoders["greedy"].shims[0].tokenizer
    with pytest.raises(AssertionError, match="longer than the specified maximum"), no_warnings():
        tokenizer("the court held " * 20)
