"""The objectives of pretraining: losses by hand, packed as padded, and the encoder with cross-segment blocks off."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from spacy_hat.modeling import HATConfig, HATForMaskedLM, HATModel, PackedInputs, RotaryHATConfig
from spacy_hat.modeling.choosing import choice_scores, equal_segments, segment_means
from spacy_hat.modeling.pretraining import Guesses, HATForPretraining, HiddenBatch
from spacy_hat.modeling.segment_wise import cross_segment_off, segment_wise_copy

from ..support.tiny import RAGGED, encode, make_batch, pack, randomise, tiny_model, tiny_settings

SETTINGS = tiny_settings()
ALL = {"mlm": 1.0, "segments": 0.5, "choice": 2.0}


@pytest.fixture
def batch():
    """RETURNS (dict[str, Tensor]): Three documents of four segments, as the padded interface has them."""
    return make_batch(RAGGED, SETTINGS)


@pytest.fixture
def model(tmp_path):
    """RETURNS (HATForPretraining): A model with every objective, away from its source."""
    tiny_model(HATModel, SETTINGS).save_pretrained(tmp_path)
    model = HATForPretraining.start(str(tmp_path), ALL, seed=0)
    return randomise(model, seed=1).eval()


def hide(batch, model):
    """RETURNS (HiddenBatch): Some pieces and two segments, hidden by pieces of another number."""
    whole = pack(RAGGED, batch, SETTINGS)
    ids = whole.piece_ids.copy()
    rows = {"mlm": np.array([2, 9, 20]), "segments": np.array([33, 34, 35, 36])}
    for hidden in rows.values():
        ids[hidden] = 7
    hidden = PackedInputs(ids, whole.segment_lengths, whole.window_lengths, whole.segment_positions)
    guesses = {name: Guesses(own, whole.piece_ids[own]) for name, own in rows.items()}
    return HiddenBatch(whole, hidden, guesses, np.array([1, 5]))


def unpacked(hidden, batch):
    """RETURNS (dict[str, Tensor]): A packed batch in the slots of the padded one."""
    ids = batch["input_ids"].clone()
    ids[batch["attention_mask"].bool()] = torch.from_numpy(hidden.piece_ids)
    return {"input_ids": ids, "attention_mask": batch["attention_mask"]}


def test_choice_scores_are_cosines_without_the_mean():
    vectors = torch.tensor([[3.0, 1.0], [-1.0, 1.0], [1.0, 4.0]])  # their mean is (1, 2)
    scores = choice_scores(torch.tensor([[0.0, 5.0]]), vectors, np.zeros((1, 3), dtype=bool), temperature=0.5)
    by_hand = [-1 / math.sqrt(5) / 0.5, -1 / math.sqrt(5) / 0.5, 1 / 0.5]
    torch.testing.assert_close(scores, torch.tensor([by_hand]))


def test_choice_scores_leave_out_equal_candidates():
    vectors = torch.tensor([[3.0, 1.0], [3.0, 1.0], [-6.0, 4.0]])
    scores = choice_scores(torch.tensor([[3.0, -1.0]]), vectors, np.array([[False, True, False]]), temperature=1.0)
    probability = F.softmax(scores, dim=-1)[0]
    by_hand = 1 / (1 + math.exp(-2))  # cosines of 1 and -1
    torch.testing.assert_close(probability, torch.tensor([by_hand, 0.0, 1 - by_hand]))


def test_equal_segments_are_others_with_the_same_pieces():
    inputs = PackedInputs(np.array([0, 8, 0, 9, 0, 8, 0, 8, 8]), np.array([2, 2, 2, 3]), np.array([4]), np.arange(4))
    found = equal_segments(inputs, np.array([0, 1, 2]))
    assert found.tolist() == [[False, False, True, False], [False] * 4, [True, False, False, False]]


def test_segment_means_are_means_of_all_pieces():
    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0], [7.0, 0.0]])
    assert segment_means(rows, np.array([2, 1])).tolist() == [[2.0, 3.0], [7.0, 0.0]]


@pytest.mark.parametrize("name", ["mlm", "segments"])
def test_packed_loss_of_pieces_equals_padded_loss(name, model, batch):
    hidden = hide(batch, model)
    masked = model.trained()
    labels = torch.full_like(batch["input_ids"], -100)
    is_guessed = torch.zeros(len(hidden.whole.piece_ids), dtype=torch.bool)
    is_guessed[torch.from_numpy(hidden.guesses[name].rows)] = True
    slots = batch["attention_mask"].bool()
    labels[slots] = torch.where(is_guessed, torch.from_numpy(hidden.whole.piece_ids), -100)
    padded = masked(**unpacked(hidden.hidden, batch), labels=labels).loss
    torch.testing.assert_close(model.parts(hidden)[name].mean(), padded, rtol=1e-5, atol=1e-6)


def test_packed_loss_of_choice_equals_padded_loss(model, batch):
    hidden = hide(batch, model)
    n_pieces = batch["attention_mask"].view(3, 4, -1).sum(-1, keepdim=True)
    outputs = {
        name: encode(encoder, unpacked(inputs, batch)).view(3, 4, 8, -1)
        for name, encoder, inputs in (
            ("hidden", model.hi_transformer, hidden.hidden),
            ("own", model._source[0], hidden.whole),
        )
    }
    means = {name: (output.sum(2) / n_pieces).flatten(0, 1) for name, output in outputs.items()}
    first = outputs["hidden"][:, :, 0].flatten(0, 1)
    own = F.normalize(means["own"] - means["own"].mean(0), dim=-1)
    guessed = F.normalize(model.chooser(first[hidden.chosen], means["hidden"][hidden.chosen]), dim=-1)
    padded = F.cross_entropy(guessed @ own.T / 0.07, torch.from_numpy(hidden.chosen))
    torch.testing.assert_close(model.parts(hidden)["choice"].mean(), padded, rtol=1e-4, atol=1e-5)


def test_loss_is_the_weighed_sum_of_means(model, batch):
    hidden = hide(batch, model)
    means = {name: part.mean() for name, part in model.parts(hidden).items()}
    torch.testing.assert_close(model(hidden)["loss"], means["mlm"] + 0.5 * means["segments"] + 2 * means["choice"])


def test_loss_of_nothing_hidden_is_zero_and_has_gradients_for_all_heads(model, batch):
    whole = pack(RAGGED, batch, SETTINGS)
    nothing = Guesses(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    loss = model(HiddenBatch(whole, whole, {"mlm": nothing, "segments": nothing}))["loss"]
    loss.backward()
    assert loss.item() == 0
    assert model.chooser.dense.weight.grad is not None
    assert model.lm_head.dense.weight.grad is not None


def test_dropout_is_that_of_the_batch(model, batch):
    model = randomise(HATForPretraining(HATConfig(**{**SETTINGS, "hidden_dropout_prob": 0.5}), {"mlm": 1.0})).train()
    hidden = hide(batch, model)
    losses = []
    for seed in (3, 4, 3):
        torch.rand(5)  # what else was drawn does not matter
        losses.append(model(HiddenBatch(hidden.whole, hidden.hidden, hidden.guesses, seed=seed))["loss"].item())
    assert losses[0] == losses[2] != losses[1]


def test_own_vectors_are_of_the_source_and_do_not_learn(model, batch):
    whole = pack(RAGGED, batch, SETTINGS)
    source = tiny_model(HATModel, SETTINGS)
    with cross_segment_off(source), torch.no_grad():
        expected = segment_means(source.forward_packed(whole), whole.segment_lengths)
    vectors = model.own_vectors(whole)
    torch.testing.assert_close(vectors, expected)
    assert not vectors.requires_grad
    assert not any(name.startswith("_source") for name in model.state_dict())


def test_cross_segment_off_is_an_encoder_of_segments_alone_and_comes_back(batch):
    model = tiny_model(HATModel, SETTINGS)
    before = encode(model, batch)
    with cross_segment_off(model):
        off = encode(model, batch)
    alone = segment_wise_copy(model)
    torch.testing.assert_close(off, encode(alone, batch), rtol=0, atol=0)
    torch.testing.assert_close(encode(model, batch), before, rtol=0, atol=0)
    assert not torch.equal(off, before)


def test_start_takes_over_the_head_of_a_checkpoint(tmp_path):
    masked = tiny_model(HATForMaskedLM, SETTINGS)
    masked.save_pretrained(tmp_path)
    model = HATForPretraining.start(str(tmp_path), {"mlm": 1.0}, seed=0)
    assert torch.equal(model.lm_head.dense.weight, masked.lm_head.dense.weight)
    assert model.lm_head.decoder.weight is model.hi_transformer.embeddings.word_embeddings.weight


SIZES = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 40, "vocab_size": 60, "pad_token_id": 1}
ROTARY = RotaryHATConfig(layout="S|SD", segment_length=16, **SIZES)


@pytest.mark.parametrize("config", [HATConfig(**SETTINGS), ROTARY], ids=["absolute", "rotary"])
@pytest.mark.parametrize(("weights", "cls"), [({"mlm": 1.0}, HATForMaskedLM), ({"choice": 1.0}, HATModel)])
def test_trained_is_what_pipelines_load(weights, cls, config, tmp_path):
    randomise(HATModel(config)).save_pretrained(tmp_path)
    trained = HATForPretraining.start(str(tmp_path), weights, seed=0).trained()
    assert type(trained) is cls
    trained.save_pretrained(tmp_path / "new")
    again = HATModel.from_pretrained(tmp_path / "new")
    encoder = trained if cls is HATModel else trained.hi_transformer
    assert all(torch.equal(p, again.get_parameter(name)) for name, p in encoder.named_parameters())
