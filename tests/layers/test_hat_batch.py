"""From packed rows to what listeners read, and back: one row per segment."""

import numpy as np
import pytest
import torch
from spacy_transformers.layers import trfs2arrays
from thinc.api import reduce_mean, reduce_sum

from spacy_hat.layers.hat_batch import make_batch
from spacy_hat.layers.segment_grid import SegmentGrid
from spacy_hat.packing import Packer

from ..support.batches import NLP, TEXTS, WIDTH
from ..support.tokenizers_tiny import TINY_TOKENIZERS

batches = pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
tokenizers = pytest.mark.parametrize("tokenizer", TINY_TOKENIZERS)


class Batch:
    """A batch with random vectors, and all that went into it."""

    def __init__(self, texts, tokenizer="wordpiece", packing="greedy", **settings):
        self.tokenizer = TINY_TOKENIZERS[tokenizer]()
        self.docs = [NLP(text) for text in texts]
        self.packed = Packer(packing, **settings)(self.docs, self.tokenizer, segment_length=9, max_segments=4)
        generator = torch.Generator().manual_seed(0)
        self.hidden = torch.randn(len(self.packed.piece_ids), WIDTH, generator=generator)
        self.grid = SegmentGrid.of(self.packed)
        spread = self.grid.spread([self.hidden], self.hidden)
        self.output = make_batch(self.docs, self.packed, self.grid, spread, self.tokenizer)

    def token_rows(self):
        """Document -> token -> rows of `hidden`, by hand from the packed alignment."""
        ends = np.cumsum(self.packed.align_lengths)
        rows = [self.packed.align_rows[end - n : end] for n, end in zip(self.packed.align_lengths, ends, strict=True)]
        docs, start = [], 0
        for doc in self.docs:
            docs.append(rows[start : start + len(doc)])
            start += len(doc)
        return docs


def random_like(arrays, seed=1):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=array.shape).astype("float32") for array in arrays]


@batches
@tokenizers
def test_hat_batch_gives_stock_pooling_the_pieces_of_each_token(texts, tokenizer):
    batch = Batch(texts, tokenizer)
    pooled = trfs2arrays(reduce_mean(), 1.0).predict(batch.output.doc_data)
    for tokens, vectors in zip(batch.token_rows(), pooled, strict=True):
        by_hand = [batch.hidden[rows].mean(dim=0).numpy() if len(rows) else np.zeros(WIDTH) for rows in tokens]
        np.testing.assert_allclose(vectors.reshape(-1, WIDTH), np.array(by_hand).reshape(-1, WIDTH), atol=1e-6)


@batches
def test_hat_batch_as_a_whole_is_aligned_as_its_documents_are(texts):
    output = Batch(texts).output
    flat = output.model_output.last_hidden_state.flatten(0, 1).numpy()
    whole = [flat[output.align[i].dataXd] for i in range(len(output.align.lengths))]
    parts = [
        data.model_output.last_hidden_state.reshape(-1, WIDTH)[data.align[i].dataXd]
        for data in output.doc_data
        for i in range(len(data.align.lengths))
    ]
    assert [part.tolist() for part in parts] == [vectors.tolist() for vectors in whole]


def test_hat_batch_puts_each_segment_into_its_row():
    batch = Batch(["the court held that. hello world.", "costs follow."], packing="sentences")
    rows = torch.split(batch.hidden, batch.packed.segment_lengths.tolist())
    output = batch.output.model_output.last_hidden_state
    assert output.shape == (3, 6, WIDTH)
    for row, segment in zip(output, rows, strict=True):
        assert torch.equal(row[: len(segment)], segment)
        assert not row[len(segment) :].any()


def test_hat_batch_says_which_pieces_stand_where():
    output = Batch(["the court held that. hello.", "costs"], packing="sentences").output
    wordpieces = output.wordpieces
    assert wordpieces.strings == [
        ["[CLS]", "the", "court", "held", "that", "."],
        ["[CLS]", "hello", "."],
        ["[CLS]", "costs"],
    ]
    assert wordpieces.lengths == [6, 3, 2]
    assert wordpieces.attention_mask.sum(axis=1).tolist() == [6, 3, 2]
    assert (wordpieces.input_ids != 0).sum(axis=1).tolist() == [6, 3, 2]
    assert output.doc_data[1].wordpieces.strings == [["[CLS]", "costs"]]


def test_hat_batch_aligns_no_token_to_a_segment_vector():
    output = Batch(TEXTS["long"]).output
    for data in output.doc_data:
        width = data.model_output.last_hidden_state.shape[1]
        assert (data.align.dataXd % width > 0).all()


def test_hat_batch_spans_are_the_segments():
    output = Batch(["the court held that. hello world.", "", "costs."], packing="sentences").output
    assert [[span.text for span in spans] for spans in output.spans] == [
        ["the court held that.", "hello world."],
        [],
        ["costs."],
    ]


@batches
def test_hat_batch_gradients_come_back_to_the_packed_rows(texts):
    batch = Batch(texts)
    arrays = [data.tensors[0] for data in batch.output.doc_data if data.tensors]
    d_arrays = random_like(arrays)
    (d_grid,) = batch.output.unsplit_by_doc([[d] for d in d_arrays]).model_output.to_tuple()
    by_hand = [
        d.reshape(-1, WIDTH)[data.wordpieces.attention_mask.reshape(-1) == 1]
        for d, data in zip(d_arrays, (data for data in batch.output.doc_data if data.tensors), strict=True)
        if len(data.wordpieces)
    ]
    np.testing.assert_array_equal(batch.grid.collect(d_grid).numpy(), np.concatenate(by_hand))


@batches
def test_hat_batch_gradient_of_a_pooled_token_reaches_its_pieces(texts):
    batch = Batch(texts)
    pooled, backprop = trfs2arrays(reduce_sum(), 1.0)(batch.output.doc_data, True)
    d_pooled = random_like(pooled)
    d_tensors = [list(data.tensors) for data in backprop([d.copy() for d in d_pooled])]
    (d_grid,) = batch.output.unsplit_by_doc(d_tensors).model_output.to_tuple()
    by_hand = np.zeros((len(batch.hidden), WIDTH))
    for tokens, d_vectors in zip(batch.token_rows(), d_pooled, strict=True):
        for rows, d_vector in zip(tokens, d_vectors, strict=True):
            np.add.at(by_hand, rows, d_vector)
    np.testing.assert_allclose(batch.grid.collect(d_grid).numpy(), by_hand, atol=1e-6)


def test_hat_batch_writes_into_no_gradient():
    batch = Batch(["hello world.", " ", "costs."])
    d_arrays = random_like([data.tensors[0] for data in batch.output.doc_data])
    copies = [d.copy() for d in d_arrays]
    (d_grid,) = batch.output.unsplit_by_doc([[d] for d in d_arrays]).model_output.to_tuple()
    batch.grid.collect(d_grid).mul_(2)
    assert all(np.array_equal(d, copy) for d, copy in zip(d_arrays, copies, strict=True))


@pytest.mark.parametrize("texts", [[""], ["", ""], [" "], ["", "\n\n"]])
def test_hat_batch_without_segments_takes_gradients_back(texts):
    output = Batch(texts).output
    d_arrays = [list(data.tensors) for data in output.doc_data if data.tensors]
    assert output.unsplit_by_doc(d_arrays).model_output.to_tuple() == ()


def test_hat_batch_has_a_row_of_zeros_for_a_document_of_spaces():
    empty, spaces = Batch(["", " \n"]).output.doc_data
    assert empty.tensors == ()
    assert spaces.tensors[0].tolist() == [[[0.0] * WIDTH]]
    assert spaces.align.lengths.tolist() == [0]


def test_hat_batch_tokens_cut_off_have_no_pieces():
    with pytest.warns(UserWarning, match="4 segments"):
        batch = Batch(["hello world. " * 30], overflow="truncate")
    (data,) = batch.output.doc_data
    assert len(data.align.lengths) == len(batch.docs[0])
    assert data.align.lengths[-1] == 0
    assert data.tensors[0].shape[0] == 4
