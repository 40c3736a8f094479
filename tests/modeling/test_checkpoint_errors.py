"""Checkpoints that do not fit, or that hold code, are refused."""

import builtins
import pickle
from typing import Any

import pytest
import torch

from spacy_hat.modeling import HATForSequenceClassification, HATModel

from .checkpoints import LAYOUT, published_weights, write_checkpoint
from .tiny import tiny_model, tiny_settings


@pytest.fixture
def settings() -> dict[str, Any]:
    return tiny_settings(LAYOUT)


@pytest.fixture
def base(settings) -> HATModel:
    return tiny_model(HATModel, settings, seed=3)


def test_missing_encoder_weights_are_listed_up_to_ten_and_counted(base, settings, tmp_path):
    weights = {
        name: tensor for name, tensor in published_weights(base).items() if not name.startswith("encoder.layer.0.")
    }
    n_missing = len(base.state_dict()) - len(weights)
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match="missing") as error:
        HATModel.from_pretrained(tmp_path)
    assert str(error.value).count("encoder.layer.0.") == 10
    assert str(n_missing - 10) in str(error.value)


@pytest.mark.parametrize("cls", [HATModel, HATForSequenceClassification])
def test_one_missing_encoder_weight_is_named(base, settings, tmp_path, cls):
    weights = published_weights(base)
    del weights["encoder.layer.1.document_encoder.output.dense.bias"]
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match=r"encoder\.layer\.1\.document_encoder\.output\.dense\.bias"):
        cls.from_pretrained(tmp_path)


def test_misshapen_weights_are_listed_with_both_shapes(base, settings, tmp_path):
    weights = published_weights(base)
    weights["embeddings.word_embeddings.weight"] = torch.zeros(61, 32)
    weights["encoder.layer.0.sentence_encoder.output.dense.bias"] = torch.zeros(31)
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match="word_embeddings") as error:
        HATModel.from_pretrained(tmp_path)
    for part in ("61, 32", "60, 32", "encoder.layer.0.sentence_encoder.output.dense.bias", "31"):
        assert part in str(error.value)


def test_missing_and_misshapen_weights_are_in_one_report(base, settings, tmp_path):
    weights = published_weights(base)
    del weights["embeddings.LayerNorm.bias"]
    weights["embeddings.word_embeddings.weight"] = torch.zeros(61, 32)
    write_checkpoint(tmp_path, settings, weights)
    with pytest.raises(ValueError, match="word_embeddings") as error:
        HATModel.from_pretrained(tmp_path)
    assert "embeddings.LayerNorm.bias" in str(error.value)


def test_document_position_table_of_wrong_size_is_an_error(base, settings, tmp_path):
    write_checkpoint(tmp_path, settings, published_weights(base), max_sentences=9)
    with pytest.raises(ValueError, match="position_embeddings"):
        HATModel.from_pretrained(tmp_path)


class Payload:
    """Runs code when unpickled."""

    def __reduce__(self):
        return (exec, ("import builtins; builtins.spacy_hat_payload_ran = True",))


def test_bin_with_pickled_code_is_refused(base, settings, tmp_path):
    write_checkpoint(tmp_path, settings, {**published_weights(base), "payload": Payload()}, "bin")
    with pytest.raises((pickle.UnpicklingError, ValueError, OSError, RuntimeError)):
        HATModel.from_pretrained(tmp_path)
    assert not hasattr(builtins, "spacy_hat_payload_ran")
