"""What prediction runs: by precision and device, following the weights."""

import copy
import pickle
import warnings

import pytest
import torch

from spacy_hat.layers import predictor as module
from spacy_hat.layers.predictor import Predictor
from spacy_hat.modeling import HATModel


@pytest.fixture
def encoder(hat_folder):
    return HATModel.from_pretrained(hat_folder)


@pytest.fixture
def native(monkeypatch):
    """RETURNS: A function that says whether the CPU multiplies bfloat16."""
    return lambda answer: monkeypatch.setattr(module, "cpu_multiplies_bfloat16", lambda: answer)


@pytest.mark.parametrize(
    ("precision", "is_native", "copies"),
    [
        ("float32", True, False),
        ("float32", False, False),
        ("bfloat16", True, True),
        ("bfloat16", False, False),
        ("auto", True, True),
        ("auto", False, False),
    ],
)
@pytest.mark.filterwarnings("ignore:precision is")
def test_predictor_copies_where_bfloat16_is_wanted_and_native(encoder, native, precision, is_native, copies):
    native(is_native)
    assert (Predictor(precision).encoder(encoder) is not encoder) == copies


def test_predictor_says_that_bfloat16_is_not_native_and_how_to_fix_it(encoder, native):
    native(False)
    with pytest.warns(UserWarning, match=r'does not multiply bfloat16 natively.*float32.*precision = "auto"'):
        Predictor("bfloat16").encoder(encoder)


def test_predictor_auto_does_not_complain(encoder, native):
    native(False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Predictor("auto").encoder(encoder)


def test_predictor_makes_one_copy_until_weights_change(encoder, native):
    native(True)
    predictor = Predictor("bfloat16")
    first = predictor.encoder(encoder)
    assert predictor.encoder(encoder) is first
    with torch.no_grad():
        encoder.encoder.layer[0].sentence_encoder.output.dense.weight.add_(1.0)
    assert predictor.encoder(encoder) is not first


def test_predictor_forgets(encoder, native):
    native(True)
    predictor = Predictor("bfloat16")
    first = predictor.encoder(encoder)
    predictor.forget()
    assert predictor.encoder(encoder) is not first


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_predictor_is_copied_and_pickled_without_its_copy(encoder, native, again):
    native(True)
    predictor = Predictor("bfloat16")
    made = predictor.encoder(encoder)
    assert again(predictor).precision == "bfloat16"
    assert len(pickle.dumps(again(predictor))) < 1000
    assert again(predictor).encoder(encoder) is not made


def test_predictor_predicts_in_evaluation_mode(encoder, native):
    native(True)
    for precision in ("float32", "bfloat16"):
        assert not Predictor(precision).encoder(encoder.train()).training
