"""Published checkpoints of every kind load."""

from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModel

from spacy_hat.modeling import HATForMaskedLM, HATForSequenceClassification, HATModel

from ...support.checkpoints import FIRST_TABLE, LATER_TABLES, PREFIX, published_weights, write_checkpoint
from ...support.tiny import LAYOUT, encode, tiny_model


@pytest.mark.parametrize("weight_format", ["safetensors", "bin"])
@pytest.mark.parametrize("model_type", ["hierarchical-transformer", "hi-transformer"])
def test_base_loads_own_weights(model, settings, batch, tmp_path, weight_format, model_type):
    write_checkpoint(tmp_path, settings, published_weights(model), weight_format, model_type=model_type)
    assert torch.equal(encode(HATModel.from_pretrained(tmp_path), batch), encode(model, batch))


@pytest.mark.parametrize("weight_format", ["safetensors", "bin"])
@pytest.mark.parametrize("architecture", ["HATForMaskedLM", "HiTransformerForMaskedLM"])
@pytest.mark.parametrize("model_type", ["hierarchical-transformer", "hi-transformer"])
def test_base_loads_from_head_checkpoint(settings, batch, tmp_path, weight_format, architecture, model_type):
    head = tiny_model(HATForMaskedLM, settings, seed=3)
    weights = published_weights(head)
    write_checkpoint(tmp_path, settings, weights, weight_format, architectures=[architecture], model_type=model_type)
    expected = encode(tiny_model_with(settings, weights), batch)
    assert torch.equal(encode(HATModel.from_pretrained(tmp_path), batch), expected)


def tiny_model_with(settings: dict[str, Any], weights: dict[str, torch.Tensor]) -> HATModel:
    """A base model that got the encoder's weights of a head's checkpoint without any loading code."""
    model = tiny_model(HATModel, settings)
    model.load_state_dict(
        {name.removeprefix(PREFIX): tensor for name, tensor in weights.items() if name.startswith(PREFIX)}
    )
    return model


@pytest.mark.parametrize("weight_format", ["safetensors", "bin"])
def test_head_loads_from_base_checkpoint(model, settings, tmp_path, weight_format):
    write_checkpoint(tmp_path, settings, published_weights(model), weight_format)
    head = HATForSequenceClassification.from_pretrained(tmp_path)
    weights = head.state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(weights[PREFIX + name], tensor), name


@pytest.mark.parametrize("weight_format", ["safetensors", "bin"])
def test_head_loads_own_weights(settings, batch, tmp_path, weight_format):
    head = tiny_model(HATForMaskedLM, settings, seed=3)
    write_checkpoint(tmp_path, settings, published_weights(head), weight_format, architectures=["HATForMaskedLM"])
    assert torch.equal(encode(HATForMaskedLM.from_pretrained(tmp_path), batch), encode(head, batch))


@pytest.mark.parametrize("weight_format", ["safetensors", "bin"])
@pytest.mark.parametrize("absent", [[], LATER_TABLES, [FIRST_TABLE]], ids=["repeated", "later_absent", "first_absent"])
def test_tied_document_positions_load_repeated_or_absent(model, settings, batch, tmp_path, weight_format, absent):
    weights = {name: tensor for name, tensor in published_weights(model).items() if name not in absent}
    write_checkpoint(tmp_path, settings, weights, weight_format)
    assert torch.equal(encode(HATModel.from_pretrained(tmp_path), batch), encode(model, batch))


def test_first_of_differing_document_positions_wins(model, settings, batch, tmp_path):
    weights = published_weights(model)
    for later in LATER_TABLES:
        weights[later] += 1.0
    write_checkpoint(tmp_path, settings, weights)
    assert torch.equal(encode(HATModel.from_pretrained(tmp_path), batch), encode(model, batch))


@pytest.mark.parametrize("absent", [["lm_head.decoder.weight", "lm_head.decoder.bias"], ["lm_head.bias"], []])
def test_masked_lm_ties_load_repeated_or_absent(settings, batch, tmp_path, absent):
    head = tiny_model(HATForMaskedLM, settings, seed=3)
    weights = published_weights(head)
    weights.setdefault("lm_head.decoder.weight", weights[f"{PREFIX}embeddings.word_embeddings.weight"].clone())
    weights.setdefault("lm_head.decoder.bias", weights["lm_head.bias"].clone())
    weights = {name: tensor for name, tensor in weights.items() if name not in absent}
    write_checkpoint(tmp_path, settings, weights, architectures=["HATForMaskedLM"])
    assert torch.equal(encode(HATForMaskedLM.from_pretrained(tmp_path), batch), encode(head, batch))


@pytest.mark.parametrize("weight_format", ["safetensors", "bin"])
@pytest.mark.parametrize("size", [1, 40, 4096])
def test_position_ids_buffer_is_ignored(model, settings, batch, tmp_path, size, weight_format):
    weights = {**published_weights(model), "embeddings.position_ids": torch.arange(size)[None]}
    write_checkpoint(tmp_path, settings, weights, weight_format)
    assert torch.equal(encode(HATModel.from_pretrained(tmp_path), batch), encode(model, batch))


@pytest.mark.parametrize(
    "sizes",
    [
        {"max_sentence_size": 128},
        {"max_sentence_size": 128, "max_position_embeddings": 130, "model_max_length": 4096},
        {"max_sentence_length": None, "max_sentence_size": 8},
    ],
    ids=["beside", "beside_with_derived_sizes", "instead"],
)
def test_max_sentence_size_is_the_older_name(model, settings, batch, tmp_path, sizes):
    write_checkpoint(tmp_path, settings, published_weights(model), **sizes)
    model = HATModel.from_pretrained(tmp_path)
    assert model.config.segment_length == settings["max_sentence_length"]
    assert torch.equal(encode(model, batch), encode(model, batch))


@pytest.mark.parametrize("cls", [HATModel, AutoModel])
def test_auto_map_is_ignored(model, settings, batch, tmp_path, cls):
    code = tmp_path / "modelling_hat.py"
    code.write_text("raise RuntimeError('code of the checkpoint was run')\n", encoding="utf8")
    auto_map = {"AutoConfig": "modelling_hat.HATConfig", "AutoModel": "modelling_hat.HATModel"}
    write_checkpoint(tmp_path, settings, published_weights(model), auto_map=auto_map)
    assert torch.equal(encode(cls.from_pretrained(tmp_path), batch), encode(model, batch))


def test_config_overrides_change_the_output(model, settings, batch, tmp_path):
    write_checkpoint(tmp_path, settings, published_weights(model), document_position_embeddings=True)
    without = HATModel.from_pretrained(tmp_path, document_position_embeddings=False)
    assert not without.config.document_position_embeddings
    assert not torch.allclose(encode(without, batch), encode(model, batch))


def test_document_positions_take_no_part_where_config_does_not_say(model, settings, batch, tmp_path):
    write_checkpoint(tmp_path, settings, published_weights(model), document_position_embeddings=None)
    model = HATModel.from_pretrained(tmp_path)
    expected = tiny_model(HATModel, {**settings, "document_position_embeddings": False}, seed=3)
    assert torch.equal(encode(model, batch), encode(expected, batch))


def test_layer_norm_eps_of_the_file_is_used(model, settings, batch, tmp_path):
    write_checkpoint(tmp_path, settings, published_weights(model), layer_norm_eps=1e-12)
    model = HATModel.from_pretrained(tmp_path)
    model.save_pretrained(tmp_path / "saved")
    again = HATModel.from_pretrained(tmp_path / "saved")
    assert {module.eps for module in again.modules() if isinstance(module, torch.nn.LayerNorm)} == {1e-12}
    assert torch.equal(encode(again, batch), encode(model, batch))


@pytest.mark.parametrize("model_type", ["hierarchical-transformer", "hi-transformer"])
def test_auto_classes_know_model_type(model, settings, batch, tmp_path, model_type):
    write_checkpoint(tmp_path, settings, published_weights(model), model_type=model_type)
    assert AutoConfig.from_pretrained(tmp_path).layout == LAYOUT
    assert torch.equal(encode(AutoModel.from_pretrained(tmp_path), batch), encode(model, batch))
