"""What code written for Hugging Face's models expects of ours."""

import copy
import inspect

import pytest
import torch

from spacy_hat.modeling import (
    HATConfig,
    HATForMaskedLM,
    HATForMultipleChoice,
    HATForQuestionAnswering,
    HATForSequenceClassification,
    HATForSequentialSentenceClassification,
    HATForTokenClassification,
    HATModel,
)
from spacy_hat.modeling.start.scratch import start_from_scratch

from ..support.tiny import RAGGED, backward, encode, make_batch, tiny_model

INPUTS = ["input_ids", "attention_mask", "token_type_ids", "position_ids", "inputs_embeds"]
LABELS = {
    HATForMaskedLM: ["labels"],
    HATForMultipleChoice: ["labels"],
    HATForQuestionAnswering: ["start_positions", "end_positions"],
    HATForSequenceClassification: ["labels"],
    HATForSequentialSentenceClassification: ["labels"],
    HATForTokenClassification: ["labels"],
}
PADDED_HEADS = [cls for cls in LABELS if cls is not HATForMultipleChoice]


@pytest.mark.parametrize("cls", LABELS)
def test_head_signature_names_inputs_in_order_and_labels(cls):
    names = list(inspect.signature(cls.forward).parameters)[1:]
    assert names[: len(INPUTS)] == INPUTS
    assert set(LABELS[cls]) <= set(names)


@pytest.mark.parametrize("cls", PADDED_HEADS)
def test_head_takes_inputs_by_position(cls, settings, batch):
    head = tiny_model(cls, settings)
    by_position = head(batch["input_ids"], batch["attention_mask"])[0]
    assert torch.equal(by_position, head(**batch)[0])


@pytest.mark.parametrize("cls", PADDED_HEADS)
def test_head_return_dict_false_gives_a_tuple(cls, settings, batch):
    head = tiny_model(cls, settings)
    output = head(**batch, return_dict=False)
    assert isinstance(output, tuple)
    assert torch.equal(output[0], head(**batch)[0])


@pytest.mark.parametrize("cls", PADDED_HEADS)
def test_head_hands_on_hidden_states(cls, settings, batch):
    head = tiny_model(cls, settings)
    found = head(**batch, output_hidden_states=True).hidden_states
    expected = head.base_model(**batch, output_hidden_states=True).hidden_states
    assert len(found) == 5
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


def test_model_refuses_to_return_attentions(model, batch):
    with pytest.raises(ValueError, match="output_attentions"):
        model(**batch, output_attentions=True)


def test_classification_does_not_write_its_problem_type_to_the_config(settings, batch):
    head = tiny_model(HATForSequenceClassification, settings)
    head(**batch, labels=torch.tensor([0, 1, 2]))
    assert head.config.problem_type is None


@pytest.mark.parametrize("n_words", [70, 59])
def test_resized_embeddings_stay_tied_and_save(settings, batch, tmp_path, n_words):
    head = tiny_model(HATForMaskedLM, settings)
    batch["input_ids"] %= n_words
    before = encode(head, batch)
    head.resize_token_embeddings(n_words)
    n_kept = min(n_words, before.shape[-1])
    assert encode(head, batch).shape[-1] == n_words
    assert torch.allclose(encode(head, batch)[..., :n_kept], before[..., :n_kept], atol=1e-5)
    assert head.lm_head.decoder.out_features == n_words
    assert head.lm_head.bias is head.lm_head.decoder.bias
    assert head.get_output_embeddings().weight is head.get_input_embeddings().weight
    head.save_pretrained(tmp_path)
    assert torch.equal(encode(HATForMaskedLM.from_pretrained(tmp_path), batch), encode(head, batch))


def test_copied_model_keeps_one_table_of_document_positions(model):
    copied = copy.deepcopy(model)
    tables = [layer.position_embeddings for layer in copied.encoder.layer if layer.position_embeddings is not None]
    assert len(tables) == 3
    assert all(table.weight is tables[0].weight for table in tables)
    assert tables[0].weight is not model.encoder.document_positions().weight


def test_word_embeddings_can_be_replaced(model, settings):
    batch = make_batch(RAGGED, settings)
    before = encode(model, batch)
    table = torch.nn.Embedding(settings["vocab_size"], settings["hidden_size"])
    model.set_input_embeddings(table)
    assert model.get_input_embeddings() is table
    assert not torch.allclose(encode(model, batch), before)


def test_checkpointing_can_be_switched_off_again(model, settings):
    batch = make_batch(RAGGED, settings)
    model.train().gradient_checkpointing_enable()
    model.gradient_checkpointing_disable()
    assert not model.is_gradient_checkpointing
    assert backward(model, batch)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("as_string", [False, True], ids=["dtype", "name"])
def test_model_loads_in_the_precision_asked_for(model, tmp_path, dtype, as_string):
    model.save_pretrained(tmp_path)
    asked = str(dtype).removeprefix("torch.") if as_string else dtype
    assert HATModel.from_pretrained(tmp_path, torch_dtype=asked).dtype == dtype


def test_unknown_setting_is_an_error(model, tmp_path):
    model.save_pretrained(tmp_path)
    with pytest.raises(TypeError, match="frozen_layers"):
        HATModel.from_pretrained(tmp_path, frozen_layers=2)


def test_config_that_says_nothing_is_that_of_the_published_base_model():
    config = HATConfig()
    published = {
        "vocab_size": 50265,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "type_vocab_size": 1,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-5,
        "pad_token_id": 1,
        "max_segments": 32,
        "segment_length": 128,
        "frozen_blocks": 0,
        "document_position_embeddings": False,
        "pool_padding": False,
        "pooling": "max",
        "layout": "|".join(["S", "S", "SD"] * 4),
    }
    assert {name: getattr(config, name) for name in published} == published


def test_start_from_scratch_has_the_sizes_that_the_command_documents():
    parameters = inspect.signature(start_from_scratch).parameters.values()
    assert {one.name: one.default for one in parameters if one.default is not one.empty} == {
        "segment_length": 128,
        "max_segments": 128,
        "hidden_size": 256,
        "num_attention_heads": 4,
        "intermediate_size": 1024,
        "vocab_size": 8000,
        "seed": 0,
    }
