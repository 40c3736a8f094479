"""What must hold whatever the weights are: documents and padding do not see each other."""

import itertools
from typing import get_args

import pytest
import torch

from spacy_hat.choices import PublishedPooling
from spacy_hat.modeling import HATForSequenceClassification, HATModel

from ..support.tiny import (
    BATCHES,
    FULL,
    MIDDLE_PADDED,
    RAGGED,
    TRAILING_PADDED,
    encode,
    make_batch,
    tiny_model,
    tiny_settings,
)

TOLERANCE = 1e-5


@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
def test_batched_equals_one_by_one(model, settings, segment_lengths):
    batch = make_batch(segment_lengths, settings)
    together = encode(model, batch)
    for doc in range(len(segment_lengths)):
        alone = encode(model, {name: tensor[doc : doc + 1] for name, tensor in batch.items()})
        torch.testing.assert_close(together[doc], alone[0], rtol=0, atol=TOLERANCE)


def test_padding_appended_to_a_batch_changes_nothing(model, settings):
    batch = make_batch(RAGGED, settings)
    n_pieces = batch["input_ids"].shape[1]
    pads = {"input_ids": settings["pad_token_id"], "attention_mask": 0}
    padded = {name: torch.nn.functional.pad(tensor, (0, 8), value=pads[name]) for name, tensor in batch.items()}
    torch.testing.assert_close(encode(model, padded)[:, :n_pieces], encode(model, batch), rtol=0, atol=TOLERANCE)


def test_longer_neighbour_changes_nothing(model, settings):
    short = encode(model, make_batch([[8, 3, 0, 0]], settings, seed=1))
    batch = make_batch([[8, 3, 0, 0]], settings, seed=1)
    neighbour = make_batch([[8, 8, 8, 8]], settings, seed=2)
    beside = encode(model, {name: torch.cat([batch[name], neighbour[name]]) for name in batch})
    torch.testing.assert_close(beside[:1], short, rtol=0, atol=TOLERANCE)


def test_ids_under_the_mask_change_nothing(model, settings):
    batch = make_batch(MIDDLE_PADDED, settings)
    expected = encode(model, batch)
    masked = batch["attention_mask"] == 0
    batch["input_ids"] = batch["input_ids"].masked_fill(masked, 17)
    assert torch.equal(encode(model, batch), expected)


def test_permuting_documents_permutes_outputs(model, settings):
    batch = make_batch([*RAGGED, *TRAILING_PADDED, *MIDDLE_PADDED], settings)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(3))
    permuted = encode(model, {name: tensor[order] for name, tensor in batch.items()})
    torch.testing.assert_close(permuted, encode(model, batch)[order], rtol=0, atol=TOLERANCE)


def test_segments_of_s_layout_do_not_see_each_other():
    settings = tiny_settings("S|S")
    model, batch = tiny_model(HATModel, settings), make_batch(FULL, settings)
    expected = encode(model, batch)
    batch["input_ids"][:, 8:16] = 20
    changed = encode(model, batch)
    assert torch.equal(changed[:, :8], expected[:, :8])
    assert torch.equal(changed[:, 16:], expected[:, 16:])


def test_segments_see_each_other_through_cross_segment_blocks(model, settings):
    batch = make_batch(FULL, settings)
    expected = encode(model, batch)
    batch["input_ids"][:, 8:16] = 20
    assert (encode(model, batch)[:, :8] - expected[:, :8]).abs().max() > 0.01


@pytest.mark.parametrize("pooling", get_args(PublishedPooling))
@pytest.mark.parametrize("pool_padding", [False, True], ids=["real_segments", "all_segments"])
def test_appended_padding_moves_logits_only_if_it_is_pooled(settings, pooling, pool_padding):
    settings = {**settings, "pooling": pooling, "pool_padding": pool_padding}
    model = tiny_model(HATForSequenceClassification, settings)
    batch, padded = (make_batch([lengths], settings) for lengths in ([8, 8, 5], [8, 8, 5, 0, 0]))
    padded["input_ids"][:, :24] = batch["input_ids"]
    with torch.no_grad():
        difference = (model(**padded).logits - model(**batch).logits).abs().max().item()
    if pool_padding and pooling != "first":
        assert difference > 1e-3
    else:
        assert difference < TOLERANCE


@pytest.mark.parametrize("n_pieces", [3, 8, 13, 23])
def test_input_of_any_length_equals_the_same_padded_to_whole_segments(model, settings, n_pieces):
    ids = make_batch(FULL, settings)["input_ids"]
    mask = (torch.arange(ids.shape[1]) < n_pieces).long().expand_as(ids)
    whole = encode(model, {"input_ids": ids, "attention_mask": mask})
    cut = model(input_ids=ids[:, :n_pieces]).last_hidden_state
    assert cut.shape == (2, n_pieces, settings["hidden_size"])
    torch.testing.assert_close(cut, whole[:, :n_pieces], rtol=0, atol=TOLERANCE)


def test_more_segments_than_positions_is_an_error(model, settings):
    n_pieces = settings["max_sentences"] * settings["max_sentence_length"] + 1
    ids = torch.full((1, n_pieces), 9)
    with pytest.raises(ValueError, match=rf"{n_pieces}.*6 segments.*5"):
        model(input_ids=ids)


def test_wholly_padded_batch_is_zeros(model, settings):
    batch = make_batch([[0, 0], [0, 0]], settings)
    output = encode(model, batch)
    assert output.shape == (2, 16, settings["hidden_size"])
    assert not output.any()


@pytest.mark.parametrize("given", [{}, {"input_ids", "inputs_embeds"}], ids=["neither", "both"])
def test_input_ids_and_inputs_embeds_exclude_each_other(model, settings, given):
    inputs = {"input_ids": torch.full((1, 8), 9), "inputs_embeds": torch.zeros(1, 8, settings["hidden_size"])}
    with pytest.raises(ValueError, match="input_ids"):
        model(**{name: tensor for name, tensor in inputs.items() if name in given})


def test_return_dict_false_gives_a_tuple(model, settings):
    batch = make_batch(RAGGED, settings)
    output = model(**batch, return_dict=False)
    assert isinstance(output, tuple)
    assert torch.equal(output[0], model(**batch).last_hidden_state)


def test_hidden_states_of_d_blocks_are_not_overwritten():
    settings = tiny_settings("S|D|D")
    states = tiny_model(HATModel, settings)(**make_batch(RAGGED, settings), output_hidden_states=True).hidden_states
    for below, above in itertools.pairwise(states):
        assert not torch.equal(below, above)
