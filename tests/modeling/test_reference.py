"""The packed encoder against the loop-written float64 HAT of `tests/support/reference_hat.py`."""

from typing import Any

import numpy as np
import pytest
import torch

from spacy_hat.modeling import HATModel

from ..support import reference_hat
from ..support.tiny import BATCHES, RAGGED, TRAILING_PADDED, as_arrays, make_batch, tiny_model, tiny_settings

LAYOUTS = ["S", "D", "SD", "S|D", "SD|S|D", "S|-|SD", "D|D|S"]
TOLERANCE = 1e-5


def assert_encodes_like_reference(settings: dict[str, Any], batch: dict[str, torch.Tensor]) -> None:
    """Compare every layer's output at the real positions."""
    model = tiny_model(HATModel, settings)
    with torch.no_grad():
        states = model(**batch, output_hidden_states=True).hidden_states
    expected = reference_hat.hidden_states(model.state_dict(), settings, **as_arrays(batch))
    real = (
        batch["attention_mask"] == 1
        if "attention_mask" in batch
        else torch.ones(expected[0].shape[:2], dtype=torch.bool)
    )
    for result, reference in zip(states, expected, strict=True):
        assert result.shape == reference.shape
        np.testing.assert_allclose(result[real].numpy(), reference[real.numpy()], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("family", ["roberta", "bert"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_encoder_layout_equals_reference(layout, family, segment_lengths):
    settings = tiny_settings(layout, family)
    assert_encodes_like_reference(settings, make_batch(segment_lengths, settings))


@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("layout", ["SD|SD", "S|D"])
def test_encoder_without_document_positions_equals_reference(layout, segment_lengths):
    settings = tiny_settings(layout, document_position_embeddings=False)
    assert_encodes_like_reference(settings, make_batch(segment_lengths, settings))


@pytest.mark.parametrize("family", ["roberta", "bert"])
def test_encoder_without_mask_attends_pads(family):
    settings = tiny_settings("SD|SD", family)
    batch = make_batch(RAGGED, settings)
    del batch["attention_mask"]
    assert_encodes_like_reference(settings, batch)


@pytest.mark.parametrize("dtype", [torch.long, torch.bool, torch.float32])
def test_encoder_takes_masks_of_dtype(dtype):
    settings = tiny_settings("SD|SD")
    batch = make_batch(TRAILING_PADDED, settings)
    batch["attention_mask"] = batch["attention_mask"].to(dtype)
    assert_encodes_like_reference(settings, batch)


@pytest.mark.parametrize("layout", ["SD|SD", "D|S|D"])
def test_encoder_leaves_out_segments_whose_first_piece_is_masked(layout):
    settings = tiny_settings(layout)
    batch = make_batch([[8, 8, 6], [8, 7, 8]], settings)
    batch["attention_mask"][0, settings["max_sentence_length"]] = 0
    batch["attention_mask"][1, 0] = 0
    assert_encodes_like_reference(settings, batch)


def test_encoder_takes_masks_with_holes():
    settings = tiny_settings("SD|SD")
    batch = make_batch(RAGGED, settings)
    batch["attention_mask"][:, 3] = 0
    batch["attention_mask"][0, 12:14] = 0
    assert_encodes_like_reference(settings, batch)


def test_encoder_reads_position_row_zero_for_attended_pad_ids():
    settings = tiny_settings("SD|SD")
    batch = make_batch(RAGGED, settings)
    batch["input_ids"][0, [2, 8]] = settings["pad_token_id"]
    assert_encodes_like_reference(settings, batch)


def test_encoder_takes_explicit_position_ids():
    settings = tiny_settings("SD|SD")
    batch = make_batch(RAGGED, settings)
    generator = torch.Generator().manual_seed(1)
    shape = batch["input_ids"].shape
    batch["position_ids"] = torch.randint(0, settings["max_position_embeddings"], shape, generator=generator)
    assert_encodes_like_reference(settings, batch)


def test_encoder_takes_inputs_embeds_without_input_ids():
    settings = tiny_settings("SD|SD")
    batch = make_batch(RAGGED, settings)
    shape = (*batch.pop("input_ids").shape, settings["hidden_size"])
    batch["inputs_embeds"] = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    assert_encodes_like_reference(settings, batch)


def test_encoder_takes_a_wholly_padded_document():
    settings = tiny_settings("SD|S|D")
    assert_encodes_like_reference(settings, make_batch([[8, 3, 0], [0, 0, 0], [5, 8, 1]], settings))


@pytest.mark.parametrize("act", ["gelu", "gelu_new", "relu"])
def test_encoder_obeys_hidden_act(act):
    settings = tiny_settings("SD", hidden_act=act)
    batch = make_batch(RAGGED, settings)
    output = tiny_model(HATModel, settings)(**batch).last_hidden_state
    exact = tiny_model(HATModel, {**settings, "hidden_act": "gelu"})(**batch).last_hidden_state
    assert (act == "gelu") == torch.equal(output, exact)
