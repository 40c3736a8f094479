"""The encoder in two stages gives what it gives in one."""

import numpy as np
import pytest
import torch

from spacy_hat.modeling import HATModel, PackedInputs

from ..support.tiny import tiny_model, tiny_settings

LAYOUTS = ["S|SD|D|SD", "S|S|S", "D|SD", "D|D", "S|S|D", "S|-|SD|S"]
INPUTS = PackedInputs(
    piece_ids=np.random.default_rng(0).integers(5, 60, size=26),
    segment_lengths=np.array([8, 3, 5, 2, 8]),
    window_lengths=np.array([3, 2]),
    segment_positions=np.array([0, 1, 2, 0, 1]),
)


@pytest.mark.parametrize("segments_only", [False, True])
@pytest.mark.parametrize("max_batch_pieces", [None, 9, 1])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_staged_encoder_gives_the_same(layout, max_batch_pieces, segments_only):
    model = tiny_model(HATModel, tiny_settings(layout))
    with torch.no_grad():
        expected = model.forward_packed(INPUTS, segments_only=segments_only)
        staged = model.staged(segments_only=segments_only, max_batch_pieces=max_batch_pieces)
        found = staged.encode_documents(staged.encode_segments(INPUTS), INPUTS)
        at_once = staged.encode(INPUTS)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(at_once, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_staged_encoder_first_stage_does_not_know_the_document(layout):
    model = tiny_model(HATModel, tiny_settings(layout))
    staged = model.staged(segments_only=True)
    alone = PackedInputs(INPUTS.piece_ids[8:11], np.array([3]), np.array([1]), np.array([0]))
    with torch.no_grad():
        whole, part = staged.encode_segments(INPUTS), staged.encode_segments(alone)
    rows = slice(8, 11) if staged.passes_pieces else slice(1, 2)
    torch.testing.assert_close(whole[rows], part, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("layout", ["S|S|D", "D|D", "S|S|S"])
def test_staged_encoder_hands_on_segment_vectors_where_no_block_reads_pieces(layout):
    model = tiny_model(HATModel, tiny_settings(layout))
    with torch.no_grad():
        assert len(model.staged(segments_only=True).encode_segments(INPUTS)) == 5
        assert len(model.staged(segments_only=False).encode_segments(INPUTS)) == 26


@pytest.mark.parametrize("segments_only", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_staged_encoder_passes_gradients(layout, segments_only):
    model = tiny_model(HATModel, tiny_settings(layout))
    staged = model.staged(segments_only=segments_only)
    embedded = staged.embed(INPUTS).detach().requires_grad_()
    output = staged.encode(INPUTS, embedded)
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
    (found,) = torch.autograd.grad(output, embedded, weights)
    # Without the two stages, and without recomputing activations.
    hook = model.embeddings.register_forward_hook(lambda module, inputs, out: embedded)
    (expected,) = torch.autograd.grad(model.forward_packed(INPUTS, segments_only=segments_only), embedded, weights)
    hook.remove()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert all(parameter.grad is None for parameter in model.parameters())
