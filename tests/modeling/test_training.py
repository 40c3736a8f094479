"""Training: modes, gradient checkpointing, frozen blocks."""

import pytest
import torch

from spacy_hat.modeling import HATForMaskedLM, HATModel

from ..support.tiny import BATCHES, FULL, RAGGED, backward, encode, make_batch, tiny_model, tiny_settings

TOLERANCE = 1e-5


def test_train_mode_without_dropout_equals_eval_mode(model, settings):
    batch = make_batch(RAGGED, settings)
    expected = encode(model, batch)
    torch.testing.assert_close(encode(model.train(), batch), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
def test_forward_with_gradients_equals_forward_without(model, settings, segment_lengths):
    batch = make_batch(segment_lengths, settings)
    output = model.train()(**batch).last_hidden_state
    assert output.requires_grad
    torch.testing.assert_close(output.detach(), encode(model.eval(), batch), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("dropout", ["hidden_dropout_prob", "attention_probs_dropout_prob"])
def test_dropout_acts_in_train_mode_only(settings, dropout):
    model = tiny_model(HATModel, {**settings, dropout: 0.5})
    batch = make_batch(RAGGED, settings)
    assert torch.equal(encode(model, batch), encode(model, batch))
    assert not torch.allclose(encode(model.train(), batch), encode(model, batch))


@pytest.mark.parametrize("switch", ["config", "method"])
@pytest.mark.parametrize("frozen_blocks", [0, 2])
def test_gradient_checkpointing_gives_the_same_gradients(settings, switch, frozen_blocks):
    settings = {**settings, "frozen_blocks": frozen_blocks}
    batch = make_batch(RAGGED, settings)
    expected = backward(tiny_model(HATModel, settings).train(), batch)
    if switch == "config":
        checkpointed = tiny_model(HATModel, {**settings, "activation_checkpointing": True}).train()
    else:
        checkpointed = tiny_model(HATModel, settings).train()
        checkpointed.gradient_checkpointing_enable()
    assert checkpointed.is_gradient_checkpointing
    found = backward(checkpointed, batch)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-4, msg=name)


def count_kept(model: HATModel, batch: dict[str, torch.Tensor]) -> int:
    """Numbers that a forward pass keeps for the backward pass."""
    sizes: list[int] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(**batch)
    return sum(sizes)


def test_gradient_checkpointing_keeps_fewer_activations(settings):
    batch = make_batch(FULL, settings)
    all_kept = count_kept(tiny_model(HATModel, settings).train(), batch)
    checkpointed = tiny_model(HATModel, {**settings, "activation_checkpointing": True}).train()
    assert count_kept(checkpointed, batch) < all_kept / 3


def is_below(name: str, frozen_blocks: int) -> bool:
    """Whether a parameter belongs to the embeddings or to one of the first blocks."""
    if name.startswith("embeddings."):
        return True
    return int(name.split(".")[2]) < frozen_blocks


@pytest.mark.parametrize("frozen_blocks", [1, 2, 3, 4])
def test_frozen_blocks_do_not_change_the_output(settings, frozen_blocks):
    batch = make_batch(RAGGED, settings)
    frozen = tiny_model(HATModel, {**settings, "frozen_blocks": frozen_blocks})
    assert torch.equal(encode(frozen, batch), encode(tiny_model(HATModel, settings), batch))


@pytest.mark.parametrize("frozen_blocks", [1, 2, 3])
def test_frozen_blocks_take_no_gradient(settings, frozen_blocks):
    frozen = tiny_model(HATModel, {**settings, "frozen_blocks": frozen_blocks}).train()
    found = backward(frozen, make_batch(RAGGED, settings))
    shared_table = "encoder.layer.1.position_embeddings.weight"  # the blocks above learn it
    assert not {name for name in found if is_below(name, frozen_blocks)} - {shared_table}


@pytest.mark.parametrize("frozen_blocks", [1, 2, 3])
def test_frozen_blocks_leave_the_gradients_above_alone(settings, frozen_blocks):
    batch = make_batch(RAGGED, settings)
    expected = backward(tiny_model(HATModel, settings).train(), batch)
    found = backward(tiny_model(HATModel, {**settings, "frozen_blocks": frozen_blocks}).train(), batch)
    above = {name for name in expected if not is_below(name, frozen_blocks)}
    assert above <= found.keys()
    for name in above:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-4, msg=name)


def test_document_positions_learn_while_a_block_above_the_frozen_ones_reads_them(settings):
    found = backward(tiny_model(HATModel, {**settings, "frozen_blocks": 3}).train(), make_batch(RAGGED, settings))
    assert found["encoder.layer.1.position_embeddings.weight"].any()


def test_all_blocks_frozen_leaves_nothing_to_learn(settings):
    frozen = tiny_model(HATModel, {**settings, "frozen_blocks": 4})
    assert not [name for name, parameter in frozen.named_parameters() if parameter.requires_grad]


@pytest.mark.parametrize("frozen_blocks", [1, 2, 3, 4])
def test_frozen_blocks_keep_no_activations(settings, frozen_blocks):
    frozen = tiny_model(HATModel, {**settings, "frozen_blocks": frozen_blocks}).train()
    states = frozen(**make_batch(RAGGED, settings), output_hidden_states=True).hidden_states
    assert [state.requires_grad for state in states] == [number > frozen_blocks for number in range(5)]


def test_frozen_blocks_use_no_dropout(settings):
    dropouts = {"hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5}
    model = tiny_model(HATModel, {**settings, **dropouts, "frozen_blocks": 2}).train()
    batch = make_batch(RAGGED, settings)
    first, second = (model(**batch, output_hidden_states=True).hidden_states for _ in range(2))
    assert torch.equal(first[2], second[2])
    assert not torch.equal(first[3], second[3])


def test_no_frozen_blocks_means_trained_embeddings(model, settings):
    assert "embeddings.word_embeddings.weight" in backward(model.train(), make_batch(RAGGED, settings))


def test_first_segment_position_learns_in_roberta_models():
    settings = tiny_settings("SD", "roberta")
    found = backward(tiny_model(HATModel, settings).train(), make_batch(FULL, settings))
    assert found["encoder.layer.0.position_embeddings.weight"][1].abs().max() > 0


def test_document_positions_take_no_gradient_when_switched_off(settings):
    model = tiny_model(HATModel, {**settings, "document_position_embeddings": False}).train()
    found = backward(model, make_batch(FULL, settings))
    table = found.get("encoder.layer.1.position_embeddings.weight")
    assert table is None or not table.any()


def test_training_step_lowers_the_loss(settings):
    model = tiny_model(HATForMaskedLM, settings).train()
    batch = make_batch(RAGGED, settings)
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = model(**batch, labels=labels).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
