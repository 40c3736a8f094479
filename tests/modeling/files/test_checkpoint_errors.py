"""Checkpoints that do not fit are refused. Those that hold code: tests/test_nothing_foreign.py."""

import pytest
import torch

from spacy_hat.modeling import HATForSequenceClassification, HATModel

from ...support.checkpoints import published_weights, write_checkpoint


def test_missing_encoder_weights_are_listed_up_to_ten_and_counted(model, settings, tmp_path):
    weights = {
        name: tensor for name, tensor in published_weights(model).items() if not name.startswith("encoder.layer.0.")
    }
    n_missing = len(model.state_dict()) - len(weights)
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match="missing") as error:
        HATModel.from_pretrained(tmp_path)
    assert str(error.value).count("encoder.layer.0.") == 10
    assert str(n_missing - 10) in str(error.value)


@pytest.mark.parametrize("cls", [HATModel, HATForSequenceClassification])
def test_one_missing_encoder_weight_is_named(model, settings, tmp_path, cls):
    weights = published_weights(model)
    del weights["encoder.layer.1.document_encoder.output.dense.bias"]
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match=r"encoder\.layer\.1\.document_encoder\.output\.dense\.bias"):
        cls.from_pretrained(tmp_path)


def test_misshapen_weights_are_listed_with_both_shapes(model, settings, tmp_path):
    weights = published_weights(model)
    weights["embeddings.word_embeddings.weight"] = torch.zeros(61, 32)
    weights["encoder.layer.0.sentence_encoder.output.dense.bias"] = torch.zeros(31)
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match="word_embeddings") as error:
        HATModel.from_pretrained(tmp_path)
    for part in ("61, 32", "60, 32", "encoder.layer.0.sentence_encoder.output.dense.bias", "31"):
        assert part in str(error.value)


def test_missing_and_misshapen_weights_are_in_one_report(model, settings, tmp_path):
    weights = published_weights(model)
    del weights["embeddings.LayerNorm.bias"]
    weights["embeddings.word_embeddings.weight"] = torch.zeros(61, 32)
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match="word_embeddings") as error:
        HATModel.from_pretrained(tmp_path)
    assert "embeddings.LayerNorm.bias" in str(error.value)


def test_document_position_table_of_wrong_size_is_an_error(model, settings, tmp_path):
    write_checkpoint(tmp_path, settings, published_weights(model), max_sentences=9)
    with pytest.raises(ValueError, match="position_embeddings"):
        HATModel.from_pretrained(tmp_path)
