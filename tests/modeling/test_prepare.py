"""The copy that predicts in another precision: nearly the same numbers, little that is its own."""

import numpy as np
import pytest
import torch

from spacy_hat.modeling import HATModel
from spacy_hat.modeling.dense import PreparedDense
from spacy_hat.modeling.int8 import Int8Dense, multiplies_int8
from spacy_hat.modeling.prepare import prepared

from ..support.tiny import BATCHES, RAGGED, make_batch, pack, tiny_model, tiny_settings

has_int8 = pytest.mark.skipif(not multiplies_int8(), reason="this CPU does not multiply 8-bit numbers natively")
LAYOUTS = ["S|SD|D|SD", "S", "D", "SD|D"]


def encode(model, inputs, **options):
    with torch.no_grad():
        return model.forward_packed(inputs, **options)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("segments_only", [False, True])
@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
def test_prepared_in_the_same_precision_is_the_same(layout, segments_only, segment_lengths):
    settings = tiny_settings(layout)
    model = tiny_model(HATModel, settings)
    inputs = pack(segment_lengths, make_batch(segment_lengths, settings), settings)
    found = encode(prepared(model, torch.float32), inputs, segments_only=segments_only)
    torch.testing.assert_close(found, encode(model, inputs, segments_only=segments_only), rtol=0, atol=1e-5)


@pytest.mark.parametrize("hidden_act", ["gelu", "relu", "gelu_new"])
def test_prepared_in_bfloat16_is_close_and_keeps_sums_in_float32(hidden_act):
    settings = tiny_settings(hidden_act=hidden_act)
    model = tiny_model(HATModel, settings)
    inputs = pack(RAGGED, make_batch(RAGGED, settings), settings)
    found = encode(prepared(model, torch.bfloat16), inputs)
    exact = encode(model, inputs)
    assert found.dtype == torch.float32
    assert not torch.equal(found, exact)
    torch.testing.assert_close(found, exact, rtol=0, atol=0.3)


def test_prepared_leaves_the_model_alone_and_shares_what_is_no_product():
    model = tiny_model(HATModel, tiny_settings())
    before = {name: p.clone() for name, p in model.named_parameters()}
    copy = prepared(model, torch.bfloat16)
    own = {id(p) for p in model.parameters()}
    assert all(torch.equal(before[name], p) for name, p in model.named_parameters())
    assert all(id(p) in own for p in copy.parameters())
    assert copy.embeddings.word_embeddings.weight is model.embeddings.word_embeddings.weight


@has_int8
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("hidden_act", ["gelu", "relu", "gelu_new"])
@pytest.mark.parametrize("segments_only", [False, True])
def test_prepared_in_8_bits_is_close_and_keeps_sums_in_float32(hidden_act, segments_only, dtype):
    settings = tiny_settings(hidden_act=hidden_act)
    model = tiny_model(HATModel, settings)
    inputs = pack(RAGGED, make_batch(RAGGED, settings), settings)
    found = encode(prepared(model, dtype, int8=True), inputs, segments_only=segments_only)
    exact = encode(model, inputs, segments_only=segments_only)
    assert found.dtype == torch.float32
    assert not torch.equal(found, exact)
    torch.testing.assert_close(found, exact, rtol=0, atol=0.4)
    assert (found - exact).pow(2).mean().sqrt() < 0.1


@has_int8
def test_prepared_in_8_bits_leaves_cross_segment_blocks_as_they_are():
    model = tiny_model(HATModel, tiny_settings("SD|D"))
    layers = prepared(model, torch.float32, int8=True).encoder.layers()
    kinds = [
        {type(module) for module in block.modules() if isinstance(module, (PreparedDense, Int8Dense))}
        for block in (layers[0].sentence_encoder, layers[0].document_encoder, layers[1].document_encoder)
    ]
    assert kinds == [{Int8Dense}, {PreparedDense}, {PreparedDense}]


@has_int8
def test_prepared_in_8_bits_encodes_a_document_the_same_in_any_batch():
    settings = tiny_settings()
    copy = prepared(tiny_model(HATModel, settings), torch.float32, int8=True)
    together = encode(copy, pack(RAGGED, make_batch(RAGGED, settings), settings))
    ids = make_batch(RAGGED, settings)
    alone = [
        encode(copy, pack([lengths], {name: value[i : i + 1] for name, value in ids.items()}, settings))
        for i, lengths in enumerate(RAGGED)
    ]
    np.testing.assert_allclose(together, torch.cat(alone), atol=1e-5)
