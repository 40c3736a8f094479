"""The packed interface: the same numbers as the padded one, in portions of any size."""

import numpy as np
import pytest
import torch

from spacy_hat.modeling import PackedInputs

from ..support.tiny import BATCHES, RAGGED, encode, make_batch, pack

TOLERANCE = 1e-5


@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
def test_packed_equals_padded(model, settings, segment_lengths):
    batch = make_batch(segment_lengths, settings)
    with torch.no_grad():
        packed = model.forward_packed(pack(segment_lengths, batch, settings))
    expected = encode(model, batch)[batch["attention_mask"] == 1]
    torch.testing.assert_close(packed, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("max_batch_pieces", [1, 7, 8, 9, 20, 10_000])
def test_micro_batches_change_nothing(model, settings, max_batch_pieces):
    inputs = pack(RAGGED, make_batch(RAGGED, settings), settings)
    with torch.no_grad():
        whole = model.forward_packed(inputs)
        portions = model.forward_packed(inputs, max_batch_pieces=max_batch_pieces)
    torch.testing.assert_close(portions, whole, rtol=0, atol=TOLERANCE)


def test_packed_batch_without_pieces_is_empty(model, settings):
    nothing = np.zeros(0, dtype=np.int64)
    with torch.no_grad():
        output = model.forward_packed(PackedInputs(nothing, nothing, nothing, nothing))
    assert output.shape == (0, settings["hidden_size"])


@pytest.mark.parametrize(
    ("lengths", "message"), [([9], "9 pieces"), ([1, 1, 1, 1, 1, 1], "6 segments")], ids=["segment", "window"]
)
def test_packed_batch_beyond_the_positions_is_an_error(model, lengths, message):
    inputs = PackedInputs(
        piece_ids=np.full(sum(lengths), 9),
        segment_lengths=np.array(lengths),
        window_lengths=np.array([len(lengths)]),
        segment_positions=np.arange(len(lengths)),
    )
    with pytest.raises(ValueError, match=message):
        model.forward_packed(inputs)
