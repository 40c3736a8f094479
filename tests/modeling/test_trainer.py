"""Hugging Face's Trainer takes every head, and collected steps are one large step."""

import pytest
import torch

from spacy_hat.modeling import (
    HATForMaskedLM,
    HATForMultipleChoice,
    HATForQuestionAnswering,
    HATForSequenceClassification,
    HATForSequentialSentenceClassification,
    HATForTokenClassification,
)

from ..support.tiny import SEGMENT_LENGTH, gradients, tiny_model, tiny_settings

N_DOCS, N_SEGMENTS, N_SLOTS = 4, 3, 3 * SEGMENT_LENGTH
GENERATOR = torch.Generator().manual_seed(0)


def draw(high, *shape):
    return torch.randint(0, high, shape, generator=GENERATOR)


def unlabelled(labels, *places):
    for place in places:
        labels[place] = -100
    return labels


HEADS = {
    "documents": (HATForSequenceClassification, {"labels": draw(3, N_DOCS)}),
    "documents, many labels": (HATForSequenceClassification, {"labels": draw(2, N_DOCS, 3).float()}),
    "documents, regression": (HATForSequenceClassification, {"labels": torch.rand(N_DOCS, generator=GENERATOR)}),
    "choices": (HATForMultipleChoice, {"labels": draw(2, N_DOCS)}),
    # Of two halves of the batch, one has more labels than the other.
    "segments": (
        HATForSequentialSentenceClassification,
        {"labels": unlabelled(draw(3, N_DOCS, N_SEGMENTS), (0, 1), (1, 0), (1, 2))},
    ),
    "segments, many labels": (
        HATForSequentialSentenceClassification,
        {"labels": unlabelled(draw(2, N_DOCS, N_SEGMENTS, 3).float(), (0, 1), (1, 0), (1, 2))},
    ),
    "words": (HATForMaskedLM, {"labels": unlabelled(draw(60, N_DOCS, N_SLOTS), (0,), (1, slice(5)))}),
    "pieces": (HATForTokenClassification, {"labels": unlabelled(draw(3, N_DOCS, N_SLOTS), (0,), (1, slice(5)))}),
    "answers": (
        HATForQuestionAnswering,
        {"start_positions": draw(N_SLOTS, N_DOCS), "end_positions": draw(N_SLOTS, N_DOCS)},
    ),
}
heads = pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)


def make(head):
    """RETURNS: A tiny model with the head, and a batch for it."""
    cls, labels = head
    n_labels = (
        1 if labels.get("labels", torch.zeros(0)).shape == (N_DOCS,) and labels["labels"].is_floating_point() else 3
    )
    shape = (N_DOCS, 2, N_SLOTS) if cls is HATForMultipleChoice else (N_DOCS, N_SLOTS)
    ids = torch.randint(5, 60, shape, generator=torch.Generator().manual_seed(1))
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), **labels}
    return tiny_model(cls, tiny_settings("S|SD", num_labels=n_labels)), batch


def train(head, folder, batch_size, collected_steps):
    """RETURNS (dict[str, Tensor]): The parameters after two steps of Trainer."""
    trainer = make_trainer(head, folder, batch_size, collected_steps)
    trainer.train()
    return {name: parameter.detach().clone() for name, parameter in trainer.model.named_parameters()}


def make_trainer(head, folder, batch_size=N_DOCS, collected_steps=1, **more):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    model, batch = make(head)
    rows = [{name: values[doc] for name, values in batch.items()} for doc in range(N_DOCS)]
    settings = transformers.TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=collected_steps,
        learning_rate=0.5,
        lr_scheduler_type="constant",
        optim="sgd",
        max_grad_norm=0.0,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        **{"max_steps": 2, "save_strategy": "no", **more},
    )
    return transformers.Trainer(model=model, args=settings, train_dataset=rows)


@heads
def test_trainer_takes_every_head_and_collects_steps(head, tmp_path):
    before = {name: parameter.detach().clone() for name, parameter in make(head)[0].named_parameters()}
    at_once = train(head, tmp_path, batch_size=N_DOCS, collected_steps=1)
    collected = train(head, tmp_path, batch_size=1, collected_steps=N_DOCS)
    assert any(not torch.equal(before[name], at_once[name]) for name in before)
    for name, parameter in at_once.items():
        torch.testing.assert_close(collected[name], parameter, rtol=1e-3, atol=1e-4, msg=name)


def test_trainer_saves_tied_weights(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    model, _ = make(HEADS["words"])
    settings = transformers.TrainingArguments(output_dir=str(tmp_path), report_to=[], use_cpu=True)
    transformers.Trainer(model=model, args=settings).save_model()
    again = HATForMaskedLM.from_pretrained(tmp_path)
    for name, parameter in model.named_parameters():
        assert torch.equal(again.get_parameter(name), parameter), name


@heads
@pytest.mark.parametrize("as_tensor", [False, True])
def test_losses_of_parts_add_up_to_the_loss_of_the_whole(head, as_tensor):
    model, batch = make(head)
    labels = batch.get("labels", torch.zeros(N_DOCS))
    n_items = int((labels != -100).sum())
    whole = model(**batch).loss
    whole.backward()
    expected = gradients(model)
    model.zero_grad()
    total = 0.0
    for doc in range(N_DOCS):
        part = {name: values[doc : doc + 1] for name, values in batch.items()}
        loss = model(**part, num_items_in_batch=torch.tensor(n_items) if as_tensor else n_items).loss
        loss.backward()
        total += loss.item()
    assert total == pytest.approx(whole.item(), abs=1e-5)
    for name, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-5, msg=name)


@heads
def test_trainer_saves_what_loads_and_goes_on_from_it(head, tmp_path):
    trainer = make_trainer(head, tmp_path, save_strategy="steps", save_steps=1)
    trainer.train()
    trainer.save_model(str(tmp_path / "saved"))
    loaded = head[0].from_pretrained(tmp_path / "saved").state_dict()
    for name, weight in trainer.model.state_dict().items():
        assert torch.equal(loaded[name], weight), name
    again = make_trainer(head, tmp_path / "again", save_strategy="no")
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-1"))
    for name, weight in again.model.state_dict().items():
        torch.testing.assert_close(weight, trainer.model.state_dict()[name], rtol=1e-5, atol=1e-6, msg=name)
