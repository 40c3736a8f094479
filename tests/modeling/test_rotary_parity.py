"""Segment-wise blocks of the second kind are transformers' ModernBERT, number for number, on one segment."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.modern import DEPTH, hat_of, make_modern, random_ids

# ModernBERT-base; a vocabulary of 1,000 pieces, as the table is looked up in and nothing else.
BASE = {
    "hidden_size": 768,
    "intermediate_size": 1152,
    "num_attention_heads": 12,
    "num_hidden_layers": 22,
    "local_attention": 128,
    "vocab_size": 1000,
    "scale": 0.02,
}
# In sequences of 24 pieces: windows of 4 to each side, and of 64, which hold all.
WINDOWS = {"windows": 8, "no windows": 128}


def outputs(model: Any, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids) if mask is None else mask).last_hidden_state


def assert_equal(model: Any, n_pieces: int, segment_length: int, atol: float = 1e-5) -> None:
    ids = random_ids(model, 2, n_pieces)
    found = outputs(hat_of(model, segment_length=segment_length), ids)
    torch.testing.assert_close(found, outputs(model, ids), rtol=0, atol=atol)


@pytest.mark.parametrize("local_attention", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("n_pieces", [24, 1, 5, 17])
def test_tiny_equals_modernbert(local_attention, n_pieces):
    assert_equal(make_modern(local_attention=local_attention), n_pieces, 24)


@pytest.mark.slow
@pytest.mark.parametrize("n_pieces", [300, 128, 60], ids=["beyond windows", "a segment", "within windows"])
def test_base_equals_modernbert(n_pieces):
    assert_equal(make_modern(**BASE), n_pieces, max(128, n_pieces))


@pytest.mark.parametrize(
    "changes",
    [
        {"norm_bias": True},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"norm_bias": True, "attention_bias": True, "mlp_bias": True, "hidden_activation": "silu"},
        {"hidden_activation": "relu"},
        {"hidden_activation": "gelu_new"},
        {"norm_eps": 1e-3},
        {"global_rope_theta": 500.0, "local_rope_theta": 20.0},
        {"local_rope_theta": None},
        {"global_attn_every_n_layers": 1},
        {"global_attn_every_n_layers": 2},
        {"global_attn_every_n_layers": 9},
        {"local_attention": 1},
        {"local_attention": 0},
        {"local_attention": 5},
        {"num_attention_heads": 1},
        {"num_attention_heads": 16},
        {"num_hidden_layers": 1},
    ],
    ids=str,
)
def test_every_setting_is_modernberts(changes):
    assert_equal(make_modern(**changes), 24, 24)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    heads=st.sampled_from([(1, 2), (2, 8), (3, 6), (4, 16), (6, 10)]),
    intermediate_size=st.integers(1, 70),
    num_hidden_layers=st.integers(2, 48),
    global_attn_every_n_layers=st.integers(1, 7),
    local_attention=st.integers(0, 40),
    global_rope_theta=st.floats(10.0, 1e6),
    local_rope_theta=st.one_of(st.none(), st.floats(10.0, 1e6)),
    norm_eps=st.sampled_from([1e-12, 1e-6, 1e-5, 1e-3]),
    biases=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    hidden_activation=st.sampled_from(["gelu", "silu", "relu", "gelu_pytorch_tanh"]),
    n_pieces=st.integers(1, 90),
)
def test_any_configuration_is_modernberts(heads, biases, n_pieces, **changes):
    norm_bias, attention_bias, mlp_bias = biases
    model = make_modern(
        num_attention_heads=heads[0],
        hidden_size=heads[0] * heads[1],
        norm_bias=norm_bias,
        attention_bias=attention_bias,
        mlp_bias=mlp_bias,
        **changes,
    )
    assert_equal(model, n_pieces, 90)


@pytest.mark.parametrize("segment_length", [7, 24, 100])
def test_places_and_windows_start_over_in_each_segment(segment_length):
    model = make_modern()
    ids = random_ids(model, 2, 3 * segment_length)
    found = outputs(hat_of(model, segment_length=segment_length), ids)
    expected = outputs(model, ids.view(6, segment_length))
    torch.testing.assert_close(found.view_as(expected), expected, rtol=0, atol=1e-5)


def test_padding_at_the_end_of_segments_changes_nothing():
    model = make_modern()
    lengths = torch.tensor([24, 3, 9, 1])
    mask = (torch.arange(24) < lengths[:, None]).long()
    ids = random_ids(model, 4, 24).masked_fill(mask == 0, 3)
    found = outputs(hat_of(model), ids.view(2, 48), mask.view(2, 48)).view(4, 24, -1)
    expected = outputs(model, ids, mask)
    torch.testing.assert_close(found[mask == 1], expected[mask == 1], rtol=0, atol=1e-5)


def test_padding_inside_a_segment_leaves_places_as_they_are():
    model = make_modern()
    mask = torch.ones(1, 24, dtype=torch.long)
    mask[0, 5:12] = 0
    ids = random_ids(model, 1, 24)
    found, expected = outputs(hat_of(model), ids, mask), outputs(model, ids, mask)
    torch.testing.assert_close(found[mask == 1], expected[mask == 1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_pieces", [129, 400])
def test_long_segments_are_cut_into_portions_that_see_as_far(n_pieces):
    assert_equal(make_modern(local_attention=16), n_pieces, 400)


@pytest.mark.parametrize("local_attention", WINDOWS.values(), ids=WINDOWS)
def test_gradients_equal_those_of_modernbert(local_attention):
    model = make_modern(local_attention=local_attention, attention_bias=True, mlp_bias=True, norm_bias=True)
    hat = hat_of(model)
    ids = random_ids(model, 2, 24)
    weights = torch.randn(2, 24, 32, generator=torch.Generator().manual_seed(5))
    for encoder in (model, hat):
        encoder.zero_grad()
        (encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state * weights).sum().backward()
    for number in range(DEPTH):
        theirs, own = model.layers[number], hat.encoder.layer[number].sentence_encoder
        projections = (own.attention.query, own.attention.key, own.attention.value)
        pairs = {
            "Wqkv": (torch.cat([p.weight.grad for p in projections]), theirs.attn.Wqkv.weight.grad),
            "Wqkv bias": (torch.cat([p.bias.grad for p in projections]), theirs.attn.Wqkv.bias.grad),
            "Wo": (own.attention_output.weight.grad, theirs.attn.Wo.weight.grad),
            "Wi": (
                torch.cat([own.feed_forward.dense.weight.grad, own.feed_forward.gate.weight.grad]),
                theirs.mlp.Wi.weight.grad,
            ),
            "mlp Wo": (own.feed_forward_output.weight.grad, theirs.mlp.Wo.weight.grad),
            "mlp_norm": (own.feed_forward_norm.weight.grad, theirs.mlp_norm.weight.grad),
        }
        for name, (found, expected) in pairs.items():
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4, msg=lambda m, name=name: f"{name}: {m}")
    torch.testing.assert_close(
        hat.embeddings.word_embeddings.weight.grad, model.embeddings.tok_embeddings.weight.grad, rtol=1e-4, atol=1e-4
    )


def bfloat16_errors(model: Any, segment_length: int, n_pieces: int) -> tuple[float, float]:
    """Mean distance from float32 of ModernBERT in bfloat16, and of ours."""
    ids = random_ids(model, 2, n_pieces)
    exact = outputs(model, ids)
    half = model.to(torch.bfloat16)
    theirs, own = outputs(half, ids), outputs(hat_of(half, segment_length=segment_length), ids)
    assert own.dtype == torch.bfloat16
    return (theirs.float() - exact).abs().mean().item(), (own.float() - exact).abs().mean().item()


def test_bfloat16_is_as_near_to_float32_as_modernberts_own():
    theirs, own = bfloat16_errors(make_modern(), 24, 24)
    assert own < 1.25 * theirs


@pytest.mark.slow
def test_base_in_bfloat16_is_as_near_to_float32_as_modernberts_own():
    theirs, own = bfloat16_errors(make_modern(**BASE), 300, 300)
    assert own < 1.25 * theirs
