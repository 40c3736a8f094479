"""The heads against the loop-written float64 HAT of `tests/support/reference_hat.py`."""

from typing import get_args

import numpy as np
import pytest
import torch

from spacy_hat.choices import PublishedPooling
from spacy_hat.modeling import (
    HATForMaskedLM,
    HATForMultipleChoice,
    HATForQuestionAnswering,
    HATForSequenceClassification,
    HATForSequentialSentenceClassification,
    HATForTokenClassification,
)

from ..support import reference_hat
from ..support.tiny import (
    BATCHES,
    MIDDLE_PADDED,
    RAGGED,
    TRAILING_PADDED,
    as_arrays,
    first_pieces,
    make_batch,
    tiny_model,
    tiny_settings,
)

POOLED = {"ragged": RAGGED, "trailing_padded": TRAILING_PADDED, "middle_padded": MIDDLE_PADDED}
POOLINGS = get_args(PublishedPooling)
LOGITS_TOLERANCE = 2e-5


@pytest.mark.parametrize("pool_padding", [False, True], ids=["real_segments", "all_segments"])
@pytest.mark.parametrize(
    "segment_lengths", [RAGGED, TRAILING_PADDED, MIDDLE_PADDED], ids=["ragged", "trailing", "middle"]
)
@pytest.mark.parametrize("pooling", POOLINGS)
def test_sequence_classification_equals_reference(pooling, segment_lengths, pool_padding):
    settings = tiny_settings("SD|SD", pooling=pooling, pool_padding=pool_padding)
    batch = make_batch(segment_lengths, settings)
    model = tiny_model(HATForSequenceClassification, settings)
    with torch.no_grad():
        logits = model(**batch).logits
    expected = reference_hat.sequence_logits(model.state_dict(), settings, pooling, **as_arrays(batch))
    np.testing.assert_allclose(logits.numpy(), expected, rtol=0, atol=LOGITS_TOLERANCE)


@pytest.mark.parametrize("layout", ["S", "D|S", "S|D", "SD|S|D"])
@pytest.mark.parametrize("document_positions", [False, True])
def test_sequence_classification_pools_padding_in_layout(layout, document_positions):
    settings = tiny_settings(layout, pool_padding=True, pooling="mean", document_position_embeddings=document_positions)
    batch = make_batch(MIDDLE_PADDED, settings)
    model = tiny_model(HATForSequenceClassification, settings)
    with torch.no_grad():
        logits = model(**batch).logits
    expected = reference_hat.sequence_logits(model.state_dict(), settings, "mean", **as_arrays(batch))
    np.testing.assert_allclose(logits.numpy(), expected, rtol=0, atol=LOGITS_TOLERANCE)


@pytest.mark.parametrize("pool_padding", [False, True], ids=["real_segments", "all_segments"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_multiple_choice_equals_reference(pooling, pool_padding):
    settings = tiny_settings("SD|SD", pooling=pooling, pool_padding=pool_padding, num_labels=1)
    batch = make_batch([*RAGGED, *TRAILING_PADDED], settings)
    batch = {name: tensor.unflatten(0, (2, 3)) for name, tensor in batch.items()}
    model = tiny_model(HATForMultipleChoice, settings)
    with torch.no_grad():
        output = model(**batch, labels=torch.tensor([2, 0]))
    expected = reference_hat.multiple_choice_logits(model.state_dict(), settings, pooling, **as_arrays(batch))
    assert output.logits.shape == (2, 3)
    np.testing.assert_allclose(output.logits.numpy(), expected, rtol=0, atol=LOGITS_TOLERANCE)
    loss = reference_hat.cross_entropy(expected, np.array([2, 0]))
    np.testing.assert_allclose(output.loss.item(), loss, rtol=0, atol=LOGITS_TOLERANCE)


@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
def test_sequential_sentence_classification_equals_reference(segment_lengths):
    settings = tiny_settings("SD|SD")
    batch = make_batch(segment_lengths, settings)
    model = tiny_model(HATForSequentialSentenceClassification, settings)
    with torch.no_grad():
        logits = model(**batch).logits
    expected = reference_hat.sentence_logits(model.state_dict(), settings, **as_arrays(batch))
    real = first_pieces(batch, settings).numpy()
    assert logits.shape == expected.shape
    np.testing.assert_allclose(logits.numpy()[real], expected[real], rtol=0, atol=LOGITS_TOLERANCE)


PIECE_HEADS = [
    (HATForTokenClassification, reference_hat.token_logits),
    (HATForMaskedLM, reference_hat.masked_lm_logits),
]


@pytest.mark.parametrize("family", ["roberta", "bert"])
@pytest.mark.parametrize(("cls", "reference"), PIECE_HEADS)
def test_piece_head_equals_reference(cls, reference, family):
    settings = tiny_settings("SD|SD", family)
    batch = make_batch(MIDDLE_PADDED, settings)
    real = batch["attention_mask"].numpy() == 1
    labels = torch.arange(real.size).reshape(real.shape).remainder(3).masked_fill(~torch.from_numpy(real), -100)
    model = tiny_model(cls, settings)
    with torch.no_grad():
        output = model(**batch, labels=labels)
    expected = reference(model.state_dict(), settings, **as_arrays(batch))
    assert output.logits.shape == expected.shape
    np.testing.assert_allclose(output.logits.numpy()[real], expected[real], rtol=0, atol=LOGITS_TOLERANCE)
    loss = reference_hat.cross_entropy(expected, labels.numpy())
    np.testing.assert_allclose(output.loss.item(), loss, rtol=1e-5)


def test_question_answering_equals_reference():
    settings = tiny_settings("SD|SD", num_labels=2)
    batch = make_batch(MIDDLE_PADDED, settings)
    model = tiny_model(HATForQuestionAnswering, settings)
    with torch.no_grad():
        output = model(**batch)
    expected = reference_hat.question_answering_logits(model.state_dict(), settings, **as_arrays(batch))
    real = batch["attention_mask"].numpy() == 1
    np.testing.assert_allclose(output.start_logits.numpy()[real], expected[real][:, 0], rtol=0, atol=LOGITS_TOLERANCE)
    np.testing.assert_allclose(output.end_logits.numpy()[real], expected[real][:, 1], rtol=0, atol=LOGITS_TOLERANCE)


def test_question_answering_loss_equals_reference():
    settings = tiny_settings("SD|SD", num_labels=2)
    batch = make_batch([[8, 8, 8], [8, 8, 8]], settings)
    model = tiny_model(HATForQuestionAnswering, settings)
    starts, ends = torch.tensor([3, 10]), torch.tensor([5, 23])
    with torch.no_grad():
        loss = model(**batch, start_positions=starts, end_positions=ends).loss
    expected = reference_hat.question_answering_logits(model.state_dict(), settings, **as_arrays(batch))
    losses = [reference_hat.cross_entropy(expected[:, :, side], at.numpy()) for side, at in enumerate((starts, ends))]
    np.testing.assert_allclose(loss.item(), sum(losses) / 2, rtol=1e-5)


def test_sequence_classification_loss_equals_reference_for_classes():
    settings = tiny_settings("SD|SD")
    batch = make_batch(RAGGED, settings)
    model = tiny_model(HATForSequenceClassification, settings)
    labels = torch.tensor([0, 2, 1])
    with torch.no_grad():
        output = model(**batch, labels=labels)
    expected = reference_hat.cross_entropy(output.logits.numpy().astype(np.float64), labels.numpy())
    np.testing.assert_allclose(output.loss.item(), expected, rtol=1e-5)


def test_sequence_classification_loss_equals_reference_for_many_labels():
    settings = tiny_settings("SD|SD", problem_type="multi_label_classification")
    batch = make_batch(RAGGED, settings)
    model = tiny_model(HATForSequenceClassification, settings)
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    with torch.no_grad():
        output = model(**batch, labels=labels)
    expected = reference_hat.binary_cross_entropy(output.logits.numpy().astype(np.float64), labels.numpy())
    np.testing.assert_allclose(output.loss.item(), expected, rtol=1e-5)


def test_sentence_classification_loss_leaves_out_segments_labelled_minus_one():
    settings = tiny_settings("SD|SD", problem_type="multi_label_classification")
    batch = make_batch(TRAILING_PADDED, settings)
    exists = first_pieces(batch, settings)
    labels = torch.full((*exists.shape, 3), -1.0)
    labels[exists] = torch.randint(0, 2, (int(exists.sum()), 3), generator=torch.Generator().manual_seed(0)).float()
    model = tiny_model(HATForSequentialSentenceClassification, settings)
    with torch.no_grad():
        output = model(**batch, labels=labels)
    logits = output.logits[exists].numpy().astype(np.float64)
    expected = reference_hat.binary_cross_entropy(logits, labels[exists].numpy())
    np.testing.assert_allclose(output.loss.item(), expected, rtol=1e-5)
