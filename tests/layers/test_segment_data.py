"""output = "segments": a vector for each segment, which tokens are in which, and an error for who wants more."""

import copy
import pickle

import numpy as np
import pytest
import torch
from spacy_transformers.data_classes import TransformerData
from spacy_transformers.layers import trfs2arrays
from thinc.api import reduce_mean
from thinc.types import Ragged

from spacy_hat.layers.hat_batch import make_batch
from spacy_hat.layers.segment_data import SegmentData, alignment
from spacy_hat.layers.segment_grid import SegmentGrid
from spacy_hat.layers.span_vectors import span_vectors
from spacy_hat.packing import Packer

from ..support.batches import NLP, TEXTS, WIDTH
from ..support.encoders import hidden_of, make_docs, make_model
from ..support.tokenizers_tiny import TINY_TOKENIZERS
from ..support.trf_data import make_spans

batches = pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
MESSAGE = (
    r'vector for each token.*Got: output = "segments".*Expected: output = "pieces".*components\.transformer\.model'
)


def make_output(texts, tokenizer="wordpiece", packing="greedy", segment_length=9):
    """RETURNS: Packed documents, random segment vectors, and the batch made of them."""
    made = TINY_TOKENIZERS[tokenizer]()
    docs = [NLP(text) for text in texts]
    packed = Packer(packing)(docs, made, segment_length=segment_length, max_segments=4)
    vectors = torch.randn(len(packed.segment_lengths), WIDTH, generator=torch.Generator().manual_seed(0))
    grid = SegmentGrid.of(packed, "segments")
    return packed, vectors, make_batch(docs, packed, grid, grid.spread([vectors], vectors), made)


def segments_by_hand(packed):
    """Document -> token -> the segments that its pieces stand in, counted in the document."""
    owners = np.repeat(np.arange(len(packed.segment_lengths)), packed.segment_lengths)
    rows = np.split(packed.align_rows, np.cumsum(packed.align_lengths)[:-1])
    docs, token, segment = [], 0, 0
    for n_tokens, n_segments in zip(packed.tokens_per_doc, packed.segments_per_doc, strict=True):
        docs.append([sorted({owners[row] - segment for row in rows[i]}) for i in range(token, token + n_tokens)])
        token, segment = token + n_tokens, segment + n_segments
    return docs


def make_data():
    return make_output(TEXTS["long"])[2].doc_data[0]


@batches
@pytest.mark.parametrize("tokenizer", TINY_TOKENIZERS)
@pytest.mark.parametrize("segment_length", [3, 9])
def test_segment_data_says_which_segments_each_token_is_in(texts, tokenizer, segment_length):
    packed, _, batch = make_output(texts, tokenizer, segment_length=segment_length)
    found = [
        [alignment(data)[i].dataXd.tolist() for i in range(len(alignment(data).lengths))] for data in batch.doc_data
    ]
    assert found == segments_by_hand(packed)


def test_segment_data_gives_a_token_that_is_cut_all_its_segments():
    _, _, batch = make_output(["unknownword"], segment_length=4)
    assert alignment(batch.doc_data[0]).dataXd.tolist() == [0, 1, 2, 3]


@batches
def test_segment_data_holds_a_vector_for_each_segment(texts):
    packed, vectors, batch = make_output(texts)
    found = [data.tensors[0][:, 0] for data in batch.doc_data if len(data.wordpieces)]
    np.testing.assert_array_equal(np.concatenate(found), vectors)
    assert [len(data.wordpieces) for data in batch.doc_data] == packed.segments_per_doc.tolist()
    assert {string for row in batch.wordpieces.strings for string in row} == {"[CLS]"}


@batches
def test_segment_data_gradients_come_back_to_the_segments(texts):
    _, vectors, batch = make_output(texts)
    grid = SegmentGrid(len(vectors), 1, np.arange(len(vectors)), "segments")
    present = [data for data in batch.doc_data if data.tensors]
    d_arrays = [np.random.default_rng(1).normal(size=data.tensors[0].shape) for data in present]
    kept = [d[:, 0] for d, data in zip(d_arrays, present, strict=True) if len(data.wordpieces)]
    (d_grid,) = batch.unsplit_by_doc([[d] for d in d_arrays]).model_output.to_tuple()
    np.testing.assert_array_equal(grid.collect(d_grid), np.concatenate(kept))


@pytest.mark.parametrize("is_train", [True, False])
@pytest.mark.parametrize("texts", [TEXTS["plain"], TEXTS["empty first"], [" "]], ids=str)
def test_segment_data_refuses_a_vector_for_each_token(texts, is_train):
    _, _, batch = make_output(texts)
    with pytest.raises(ValueError, match=MESSAGE):
        trfs2arrays(reduce_mean(), 1.0)(batch.doc_data, is_train)


def test_segment_data_can_be_shown():
    assert "token_segments" in repr(make_data())


def test_span_vectors_of_segment_data_are_of_segments_alone():
    data = make_output(["the court held that. hello world."], packing="sentences")[2].doc_data[0]
    first, second = data.tensors[0][:, 0]
    spans = make_spans([[0, 2], [5, 6], [3, 6], [0, 8]])
    layer = span_vectors().initialize(X=([data], make_spans([[0, 1]])))
    Y, backprop = layer(([data], spans), is_train=True)
    both = (first + second) / 2
    # of the three tokens 3, 4 and 5 the last is in the second segment; of all eight, three
    halves = [(first, first), (second, second), (both, (2 * first + second) / 3), (both, (5 * first + 3 * second) / 8)]
    np.testing.assert_allclose(Y, [np.concatenate(pair) for pair in halves], atol=1e-6)
    (d_data,), _ = backprop(np.ones_like(Y))
    np.testing.assert_allclose(d_data.tensors[0].sum(), Y.size, rtol=1e-5)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda data: pickle.loads(pickle.dumps(data))])
def test_segment_data_stays_what_it_is_when_copied(again):
    data = make_data()
    found = again(data)
    assert isinstance(found, SegmentData)
    np.testing.assert_array_equal(found.tensors[0], data.tensors[0])
    np.testing.assert_array_equal(found.token_segments.dataXd, data.token_segments.dataXd)


@pytest.mark.parametrize("data_class", [TransformerData, SegmentData])
def test_segment_data_from_bytes_is_aligned_to_segments(data_class):
    data = make_data()
    found = data_class.empty().from_bytes(data.to_bytes())
    np.testing.assert_array_equal(found.tensors[0], data.tensors[0])
    np.testing.assert_array_equal(alignment(found).dataXd, data.token_segments.dataXd)
    np.testing.assert_array_equal(alignment(found).lengths, data.token_segments.lengths)
    assert isinstance(alignment(found), Ragged)


@pytest.mark.parametrize("packing", ["sentences", "greedy", "fixed"])
@pytest.mark.parametrize("max_batch_pieces", [13, 4096])
def test_hat_model_keeps_the_segment_vectors_only(hat_folder, packing, max_batch_pieces):
    pieces = make_model(hat_folder, packing=packing)
    segments = make_model(hat_folder, packing=packing, output="segments", max_batch_pieces=max_batch_pieces)
    docs = make_docs()
    expected = [hidden[:, :1] for hidden in hidden_of(pieces.predict(docs))]
    for batch in (segments.predict(docs), segments.begin_update(docs)[0]):
        for found, hidden in zip(hidden_of(batch), expected, strict=True):
            np.testing.assert_allclose(found, hidden, atol=1e-5)


def test_hat_model_gradients_are_those_of_the_first_pieces(hat_folder):
    gradients = []
    for output in ("pieces", "segments"):
        model = make_model(hat_folder, output=output)
        docs = make_docs()
        batch, backprop = model.begin_update(docs)
        d_arrays = [np.zeros_like(hidden) for hidden in hidden_of(batch)]
        for i, d in enumerate(d_arrays):
            d[:, 0] = np.random.default_rng(i).normal(size=d[:, 0].shape)
        backprop(batch.unsplit_by_doc([[d] for d in d_arrays]))
        gradients.append({name: p.grad for name, p in model.shims[0].encoder.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=1e-4, atol=1e-4, msg=name)
