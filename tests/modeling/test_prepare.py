"""The copy that predicts in another precision: nearly the same numbers, little that is its own."""

import pytest
import torch

from spacy_hat.modeling import HATModel
from spacy_hat.modeling.prepare import prepared

from ..support.tiny import BATCHES, RAGGED, make_batch, pack, tiny_model, tiny_settings

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
