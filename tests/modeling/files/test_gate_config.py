"""Configurations of a stranger: each entry is of its type, in its range, and asks for no more than the file holds."""

import json

import pytest

from spacy_hat.modeling import HATConfig, HATForSequenceClassification, HATModel
from spacy_hat.modeling.config_entries import MOST_BLOCKS

from ...support.gate import CONFIG, READERS, edit_json, start_from

NAN, INFINITY = float("nan"), float("inf")
HUGE = [10**12, 2**63 + 1, 10**4000]


def each(names, values):
    """RETURNS (dict[str, list]): The same wrong values for several entries."""
    return dict.fromkeys(names, values)


WRONG = {
    **each(
        ["vocab_size", "hidden_size", "num_attention_heads", "intermediate_size", "max_sentences"],
        [*HUGE, 0, -1, 1.5, NAN, INFINITY, "32", None, True, [32], {}],
    ),
    "type_vocab_size": [*HUGE, 0, -1, "1", None, True],
    "max_sentence_length": [*HUGE, 1, 0, -1, "12", True, [12]],
    "max_sentence_size": [*HUGE, 1, "12"],
    "num_hidden_layers": [*HUGE, 0, -1, "2", True],
    "pad_token_id": [*HUGE, None, -1, "0", 0.0, True, [0]],
    "frozen_blocks": [-1, "1", True, 10**12],
    **each(["bos_token_id", "eos_token_id"], [-1, "0", [0], 10**12, 0.5]),
    **each(["hidden_dropout_prob", "attention_probs_dropout_prob"], [NAN, INFINITY, -0.1, 1.0, "0", True, None]),
    "classifier_dropout": [NAN, -0.1, 1.0, "0", True],
    "initializer_range": [NAN, INFINITY, -1, "x", None, True],
    "layer_norm_eps": [NAN, INFINITY, -INFINITY, -1, "1e-5", None, True],
    "hidden_act": [["gelu"], {}, None, 5, "gelly"],
    "pooling": [["max"], None, 5, "sum"],
    **each(
        ["document_position_embeddings", "pool_padding", "activation_checkpointing", "tie_word_embeddings"],
        ["false", "no", "true", "off", 0, 1, None, []],
    ),
    "torch_dtype": [5, "torch.float32", "nn", "int8", "None", ["float32"], "complex64"],
    "dtype": [5, "save"],
    "id2label": [5, [], {"x": "A"}, {"99999999999": "A"}],
    "label2id": [5, []],
    "num_labels": [10**9, -1, "2", 1.5],
    "problem_type": [5, "regresion", []],
    "architectures": ["HATModel", 5, [5]],
    "position_embedding_type": [5, "relative_key"],
    "encoder_layout": [
        *({}, [], 5, "S", {"00": {"sentence_encoder": True}}, {"-1": {}}, {"1": {}}, {"0": 5}, {"0": []}),
        *({"0": {"sentence_encoder": "false"}}, {"0": {"sentence_encoder": 1}}, {"0": {"sentence_encoda": True}}),
        *({"\u0660": {"sentence_encoder": True}}, {"1e0": {}}, {str(10**12): {}}, {" 0": {}}),
        {str(number): {"sentence_encoder": True} for number in range(MOST_BLOCKS + 1)},
    ],
    "layout": [5, "", "X", "S|", ["S"], "S|" * MOST_BLOCKS + "S", True],
    "quantization_config": [{"load_in_8bit": True}, {}, "4bit"],
    "is_decoder": [True, "false", 1],
    "is_encoder_decoder": [True],
    "add_cross_attention": [True],
    "pruned_heads": [{"0": [1]}],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]
SHORT = [f"{name}-{number}" for name, values in WRONG.items() for number in range(len(values))]


@pytest.fixture
def no_model(monkeypatch):
    """Fail if an encoder is so much as begun."""
    monkeypatch.setattr(HATModel, "__init__", lambda *_: pytest.fail("a model was made"))


@pytest.mark.parametrize(("name", "value"), CASES, ids=SHORT)
def test_gate_refuses_entries_of_config_json(hat, name, value, no_model):
    edit_json(hat, CONFIG, **{name: value})
    with pytest.raises(ValueError, match=r"config|expected|layout"):
        HATModel.from_pretrained(hat)


OF_EACH_KIND = {name: values[0] for name, values in WRONG.items()}


@pytest.mark.parametrize("reader", ["head", "pipeline"])
@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_gate_refuses_entries_wherever_they_stand(hat, name, reader, no_model):
    edit_json(hat, CONFIG, **{name: OF_EACH_KIND[name]})
    with pytest.raises(ValueError, match=r"config|expected|layout"):
        READERS[reader](hat)


def overridable():
    return [name for name in WRONG if name not in ("torch_dtype", "dtype", "quantization_config")]


@pytest.mark.parametrize("name", [n for n in overridable() if n not in ("is_decoder", "is_encoder_decoder")])
def test_gate_refuses_the_same_entries_as_overrides(hat, name, no_model):
    with pytest.raises((ValueError, TypeError), match=r"config|expected|layout"):
        HATModel.from_pretrained(hat, **{name: OF_EACH_KIND[name]})


OF_SOURCES = {
    "hidden_act": ["gelu"],
    "pad_token_id": None,
    "hidden_size": 10**12,
    "vocab_size": 2**63 + 1,
    "num_hidden_layers": 10**12,
    "max_position_embeddings": 10**12,
    "initializer_range": "x",
    "layer_norm_eps": NAN,
    "torch_dtype": 5,
    "hidden_dropout_prob": "0.1",
    "quantization_config": {"load_in_8bit": True},
    "is_decoder": True,
    "pruned_heads": {"0": [1]},
    "num_labels": 10**9,
    "id2label": {"x": "A"},
    "type_vocab_size": 0,
}


@pytest.mark.parametrize("name", OF_SOURCES)
def test_gate_refuses_entries_of_a_source(bert, name, no_model):
    edit_json(bert, CONFIG, **{name: OF_SOURCES[name]})
    with pytest.raises(ValueError, match="expected"):
        start_from(bert)


TOO_LARGE = {"vocab_size": 10**7, "hidden_size": 65536, "intermediate_size": 10**6, "max_sentences": 10**7}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", TOO_LARGE)
def test_gate_compares_sizes_with_the_file_before_a_model_is_made(hat, name, reader, no_model):
    edit_json(hat, CONFIG, **{name: TOO_LARGE[name]})
    with pytest.raises(ValueError, match=r"(?s)do not fit its configuration.*misshapen"):
        READERS[reader](hat)


@pytest.mark.parametrize("name", ["vocab_size", "hidden_size", "intermediate_size", "max_position_embeddings"])
def test_gate_compares_sizes_of_a_source_with_its_file(bert, name, no_model):
    edit_json(bert, CONFIG, **{name: 65536})
    with pytest.raises(ValueError, match=r"(?s)do not fit its config\.json.*misshapen"):
        start_from(bert)


@pytest.mark.parametrize(
    "name", ["to_dict", "validate_sizes", "__class__", "from_dict", "_commit_hash", "attribute_map"]
)
@pytest.mark.parametrize("reader", READERS)
def test_gate_takes_no_entry_that_would_replace_code(hat, name, reader):
    edit_json(hat, CONFIG, **{name: "x"})
    config = READERS[reader](hat).config
    assert config.to_dict()["hidden_size"] == 32
    assert type(config) is HATConfig


@pytest.mark.parametrize("name", ["auto_map", "custom_pipelines", "attn_implementation", "a_word_of_a_stranger"])
@pytest.mark.parametrize("reader", READERS)
def test_gate_hands_no_unknown_entry_on(hat, name, reader, tmp_path):
    edit_json(hat, CONFIG, **{name: "owner/repository--module.Class"})
    model = READERS[reader](hat)
    model.save_pretrained(tmp_path / "again")
    assert "owner/repository" not in (tmp_path / "again" / CONFIG).read_text()


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"a":' * 100_000, '{"model_type": NaN}', '{"vocab_size": 1' + "0" * 5000 + "}"]
)
def test_gate_refuses_json_that_cannot_be_read(hat, content):
    (hat / CONFIG).write_text(content)
    with pytest.raises(ValueError, match=r"config\.json (of|cannot|holds)"):
        HATModel.from_pretrained(hat)


def test_gate_refuses_json_of_any_length(hat):
    (hat / CONFIG).write_text(json.dumps({"model_type": "x" * 21_000_000}))
    with pytest.raises(ValueError, match=r"has 21,\d+,\d+ bytes, expected at most 20,000,000"):
        HATModel.from_pretrained(hat)


@pytest.mark.parametrize("name", ["hidden_layers", "to_dict", "save_pretrained"])
def test_gate_refuses_overrides_that_are_no_entries(hat, name):
    with pytest.raises(TypeError, match=f"have no {name}"):
        HATForSequenceClassification.from_pretrained(hat, **{name: 2})


def test_gate_takes_true_and_false(hat):
    edit_json(hat, CONFIG, pool_padding=True, document_position_embeddings=False)
    config = HATModel.from_pretrained(hat).config
    assert (config.pool_padding, config.document_position_embeddings) == (True, False)


def test_gate_takes_numbers_for_keys_of_a_layout_in_python():
    assert HATConfig(encoder_layout={1: {"sentence_encoder": True}, 0: {"document_encoder": True}}).layout == "D|S"
