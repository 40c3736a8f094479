"""What prediction runs: by precision and device, following the weights."""

import copy
import pickle
import warnings

import pytest
import torch

from spacy_hat.layers import predictor as module
from spacy_hat.layers.predictor import Predictor
from spacy_hat.modeling import HATModel
from spacy_hat.modeling.dense import PreparedDense
from spacy_hat.modeling.int8 import Int8Dense, multiplies_int8
from spacy_hat.modeling.one_dnn import one_dnn_multiplies

has_one_dnn = pytest.mark.skipif(not one_dnn_multiplies(torch.float32), reason="this torch has no oneDNN")
has_int8 = pytest.mark.skipif(not multiplies_int8(), reason="this CPU does not multiply 8-bit numbers natively")


@pytest.fixture
def encoder(hat_folder):
    return HATModel.from_pretrained(hat_folder)


@pytest.fixture
def native(monkeypatch):
    """RETURNS: A function that says whether the CPU multiplies bfloat16."""
    return lambda answer: monkeypatch.setattr(module, "cpu_multiplies_bfloat16", lambda: answer)


@pytest.fixture
def no_int8(monkeypatch):
    """A CPU that has no kernels for 8 bits."""
    monkeypatch.setattr(module, "multiplies_int8", lambda: False)


def is_quantised(encoder):
    return any(isinstance(part, Int8Dense) for part in encoder.modules())


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


@has_one_dnn
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_predictor_lays_float32_out_where_it_is_asked_to(encoder, native, precision):
    native(False)
    copied = Predictor(precision, lay_out_weights=True).encoder(encoder)
    kinds = {part.dtype for part in copied.modules() if isinstance(part, PreparedDense)}
    assert kinds == {torch.float32}
    assert Predictor(precision).encoder(encoder) is encoder


@has_one_dnn
def test_predictor_lays_nothing_out_for_another_device_or_without_one_dnn(monkeypatch):
    predictor = Predictor("float32", lay_out_weights=True)
    assert [predictor._lays_out(torch.device(name)) for name in ("cpu", "cuda")] == [True, False]
    monkeypatch.setattr(module, "one_dnn_multiplies", lambda dtype: False)
    assert not predictor._lays_out(torch.device("cpu"))


@has_one_dnn
def test_predictor_keeps_its_settings_when_it_is_copied():
    again = copy.deepcopy(Predictor("float32", lay_out_weights=True))
    assert (again.precision, again.lay_out_weights) == ("float32", True)


def test_predictor_says_that_bfloat16_is_not_native_and_how_to_fix_it(encoder, native):
    native(False)
    with pytest.warns(UserWarning, match=r'does not multiply bfloat16 natively.*float32.*precision = "auto"'):
        Predictor("bfloat16").encoder(encoder)


@has_int8
@pytest.mark.filterwarnings("ignore:precision is")
@pytest.mark.parametrize("is_native", [False, True])
def test_predictor_quantises_where_it_is_asked_to_and_nowhere_else(encoder, native, is_native):
    native(is_native)
    quantised = [is_quantised(Predictor(way).encoder(encoder)) for way in ("int8", "auto", "bfloat16", "float32")]
    assert quantised == [True, False, False, False]


@pytest.mark.parametrize(("is_native", "instead"), [(True, "bfloat16"), (False, "float32")])
def test_predictor_says_that_8_bits_are_not_native_and_what_it_does_instead(
    encoder, native, no_int8, is_native, instead
):
    native(is_native)
    with pytest.warns(UserWarning, match=rf'"int8", but this CPU does not.*made in {instead}.*precision = "auto"'):
        found = Predictor("int8").encoder(encoder)
    assert not is_quantised(found)
    assert (found is encoder) == (instead == "float32")


def test_predictor_says_that_8_bits_are_for_cpus(native, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    with pytest.warns(UserWarning, match=r"8 bits are for CPUs.*made in bfloat16"):
        assert Predictor("int8")._precision(torch.device("cuda")) == "bfloat16"


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
    for precision in ("float32", "bfloat16", "int8"):
        assert not Predictor(precision).encoder(encoder.train()).training
