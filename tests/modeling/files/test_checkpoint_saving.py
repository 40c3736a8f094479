"""What was saved loads back, through our classes and through the Auto classes."""

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from spacy_hat.modeling import (
    HATForMaskedLM,
    HATForMultipleChoice,
    HATForQuestionAnswering,
    HATForSequenceClassification,
    HATForSequentialSentenceClassification,
    HATForTokenClassification,
    HATModel,
)
from spacy_hat.modeling.files.checkpoint import check_overrides, untied_state_dict

from ...support.checkpoints import FIRST_TABLE, PREFIX
from ...support.tiny import encode, tiny_model

HEADS = [
    (HATModel, AutoModel),
    (HATForMaskedLM, AutoModelForMaskedLM),
    (HATForSequenceClassification, AutoModelForSequenceClassification),
    (HATForTokenClassification, AutoModelForTokenClassification),
    (HATForQuestionAnswering, AutoModelForQuestionAnswering),
]


@pytest.mark.parametrize(("cls", "auto"), HEADS)
@pytest.mark.parametrize("loader", ["own", "auto"])
def test_saved_model_loads_back_equal(settings, batch, tmp_path, cls, auto, loader):
    model = tiny_model(cls, settings, seed=3)
    model.save_pretrained(tmp_path)
    again = (cls if loader == "own" else auto).from_pretrained(tmp_path)
    assert type(again) is cls
    assert torch.equal(encode(again, batch), encode(model, batch))


def test_saved_sentence_classifier_loads_back_equal(settings, batch, tmp_path):
    model = tiny_model(HATForSequentialSentenceClassification, settings, seed=3)
    model.save_pretrained(tmp_path)
    again = HATForSequentialSentenceClassification.from_pretrained(tmp_path)
    assert torch.equal(encode(again, batch), encode(model, batch))


@pytest.mark.parametrize("auto", [None, AutoModelForMultipleChoice])
def test_saved_multiple_choice_loads_back_equal(settings, batch, tmp_path, auto):
    model = tiny_model(HATForMultipleChoice, settings, seed=3)
    model.save_pretrained(tmp_path)
    choices = {name: tensor[None] for name, tensor in batch.items()}
    again = (auto or HATForMultipleChoice).from_pretrained(tmp_path)
    assert torch.equal(encode(again, choices), encode(model, choices))


@pytest.mark.parametrize("pooling", ["mean", "attentive", "last"])
def test_pooling_survives_saving(settings, batch, tmp_path, pooling):
    model = tiny_model(HATForSequenceClassification, {**settings, "pooling": pooling}, seed=3)
    model.save_pretrained(tmp_path)
    again = HATForSequenceClassification.from_pretrained(tmp_path)
    assert again.config.pooling == pooling
    assert torch.equal(encode(again, batch), encode(model, batch))


def test_base_loads_from_saved_head_and_head_from_saved_base(settings, batch, tmp_path):
    head = tiny_model(HATForSequenceClassification, settings, seed=3)
    head.save_pretrained(tmp_path / "head")
    base = HATModel.from_pretrained(tmp_path / "head")
    base.save_pretrained(tmp_path / "base")
    again = HATForSequenceClassification.from_pretrained(tmp_path / "base")
    assert torch.equal(encode(again.base_model, batch), encode(base, batch))


def test_saved_files_keep_published_names(settings, tmp_path):
    tiny_model(HATForMaskedLM, settings).save_pretrained(tmp_path)
    names = set(load_file(tmp_path / "model.safetensors"))
    assert f"{PREFIX}encoder.layer.0.sentence_encoder.attention.self.query.weight" in names
    assert f"{PREFIX}encoder.layer.1.document_encoder.attention.output.LayerNorm.bias" in names
    assert f"{PREFIX}{FIRST_TABLE}" in names
    assert "lm_head.layer_norm.weight" in names
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf8"))
    assert config["encoder_layout"] == settings["encoder_layout"]
    assert config["max_sentences"] == settings["max_sentences"]
    assert config["max_sentence_length"] == settings["max_sentence_length"]
    assert config["model_type"] == "hierarchical-transformer"


def test_fresh_head_ties_survive_training_and_saving(settings, batch, tmp_path):
    model = tiny_model(HATForMaskedLM, settings, seed=3).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    model(**batch, labels=batch["input_ids"]).loss.backward()
    optimizer.step()
    model.save_pretrained(tmp_path)
    assert torch.equal(encode(HATForMaskedLM.from_pretrained(tmp_path), batch), encode(model, batch))


def test_weights_are_saved_whole_however_they_lie_in_memory():
    layer = torch.nn.Linear(3, 2)
    layer.weight = torch.nn.Parameter(torch.randn(3, 2).T)
    saved = untied_state_dict(layer)["weight"]
    assert saved.is_contiguous()
    assert saved.equal(layer.weight)


def test_override_that_is_not_an_entry_is_answered_by_the_one_most_like_it():
    with pytest.raises(TypeError, match=r"such as max_sentences\. "):
        check_overrides({"max_sentence": 5})
