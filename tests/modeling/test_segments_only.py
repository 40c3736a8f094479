"""Segment vectors alone: the same numbers and gradients as from all pieces, with less computed and less kept."""

from itertools import product

import pytest
import torch

from spacy_hat.modeling import HATModel

from ..support.tiny import BATCHES, FULL, RAGGED, gradients, make_batch, pack, tiny_model, tiny_settings

LAYOUTS = ["S", "D", "SD", "S|S", "S|D", "D|S", "S|SD|D|SD", "SD|D|D", "D|D"]
batches = pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
layouts = pytest.mark.parametrize("layout", LAYOUTS)


def make(layout, segment_lengths, **settings):
    """RETURNS: A tiny model, a packed batch, and the rows of its segments' first pieces."""
    settings = tiny_settings(layout, **settings)
    inputs = pack(segment_lengths, make_batch(segment_lengths, settings), settings)
    starts = torch.from_numpy(inputs.segment_lengths).cumsum(0) - torch.from_numpy(inputs.segment_lengths)
    return tiny_model(HATModel, settings), inputs, starts


def backward(model, output):
    model.zero_grad()
    output.backward(torch.randn(output.shape, generator=torch.Generator().manual_seed(5)))
    return gradients(model)


@layouts
@batches
@pytest.mark.parametrize("max_batch_pieces", [None, 9])
def test_segments_only_equals_the_first_pieces(layout, segment_lengths, max_batch_pieces):
    model, inputs, starts = make(layout, segment_lengths)
    with torch.no_grad():
        expected = model.forward_packed(inputs)[starts]
        found = model.forward_packed(inputs, segments_only=True, max_batch_pieces=max_batch_pieces)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("layout", "settings"),
    [
        *product(LAYOUTS, [{}, {"activation_checkpointing": True}]),
        *((layout, {"frozen_blocks": 1}) for layout in LAYOUTS if "|" in layout),
    ],
    ids=str,
)
def test_segments_only_has_the_gradients_of_the_first_pieces(layout, settings):
    model, inputs, starts = make(layout, RAGGED, **settings)
    model.train()
    expected = backward(model, model.forward_packed(inputs)[starts])
    found = backward(model, model.forward_packed(inputs, segments_only=True))
    assert {name for name, gradient in expected.items() if gradient.any()} <= found.keys() <= expected.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-4, msg=name)


@pytest.mark.parametrize("layout", ["S|S", "S|SD", "SD|D"])
def test_segments_only_computes_first_pieces_alone_in_the_last_segment_wise_block(monkeypatch, layout):
    model, inputs, starts = make(layout, FULL)
    sizes = []

    def hook(module, inputs, output):
        sizes.append(len(output))

    for layer in model.encoder.layers():
        layer.register_forward_hook(hook)
        if layer.sentence_encoder is not None:
            layer.sentence_encoder.output.register_forward_hook(
                lambda module, inputs, output: sizes.append(len(output))
            )
    monkeypatch.setattr("spacy_hat.modeling.block.whole_tiles", lambda rows: rows)
    monkeypatch.setattr("spacy_hat.modeling.attention.whole_tiles", lambda rows: rows)
    with torch.no_grad():
        model.forward_packed(inputs, segments_only=True)
    n_pieces, n_segments = len(inputs.piece_ids), len(starts)
    expected = [n_segments] * 3 if layout == "SD|D" else [n_pieces, n_pieces, n_segments, n_segments]
    assert sizes == expected


def test_segments_only_without_pieces_is_empty():
    model, inputs, _ = make("S|SD", FULL)
    nothing = type(inputs)(*(array[:0] for array in vars(inputs).values()))
    assert model.forward_packed(nothing, segments_only=True).shape == (0, 32)


def test_segments_only_is_part_of_bfloat16_too():
    model, inputs, starts = make("S|SD", RAGGED)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = model.forward_packed(inputs, segments_only=True)
        expected = model.forward_packed(inputs)[starts]
    torch.testing.assert_close(found, expected, rtol=0, atol=0.1)
