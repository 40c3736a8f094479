"""Padded forward as other programs read it: recorded by torch, compiled, and in ONNX."""

import importlib
import shutil
from collections.abc import Iterator
from typing import get_args

import pytest
import torch

from spacy_hat.choices import PublishedPooling
from spacy_hat.modeling import (
    HATForMaskedLM,
    HATForQuestionAnswering,
    HATForSequenceClassification,
    HATForSequentialSentenceClassification,
    HATForTokenClassification,
    HATModel,
)

from ..support.tiny import (
    BATCHES,
    LAYOUT,
    MIDDLE_PADDED,
    RAGGED,
    encode,
    gradients,
    make_batch,
    tiny_model,
    tiny_settings,
)

# Where the package asks whether torch is recording.
ASKING = ("attention", "dense", "model", "rotary")
LONG = [[8, 8, 8, 8], [8, 3, 0, 0], [1, 8, 0, 2], [8, 8, 8, 1], [4, 0, 0, 0]]


class Recorded(torch.nn.Module):
    """What is recorded: tensors by position in, one tensor out."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids, attention_mask, return_dict=False)[0]


def arguments(segment_lengths=MIDDLE_PADDED):
    batch = make_batch(segment_lengths, tiny_settings())
    return batch["input_ids"], batch["attention_mask"]


def expected_of(model, inputs):
    return encode(model, {"input_ids": inputs[0], "attention_mask": inputs[1]})


@pytest.fixture
def as_if_recorded(monkeypatch) -> Iterator[None]:
    for name in ASKING:
        module = importlib.import_module(f"spacy_hat.modeling.{name}")
        monkeypatch.setattr(module, "is_traced", lambda: True)


@pytest.mark.parametrize("layout", ["S", "D", "SD|S", LAYOUT, "-|D"])
@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
def test_every_slot_computed_equals_packed(request, layout, segment_lengths):
    model, inputs = tiny_model(HATModel, tiny_settings(layout)), arguments(segment_lengths)
    expected = expected_of(model, inputs)
    request.getfixturevalue("as_if_recorded")
    torch.testing.assert_close(expected_of(model, inputs), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("pool_padding", [False, True])
@pytest.mark.parametrize("pooling", get_args(PublishedPooling))
def test_every_slot_computed_gives_the_head_the_same(request, pooling, pool_padding):
    settings = tiny_settings(pooling=pooling, pool_padding=pool_padding)
    model, inputs = tiny_model(HATForSequenceClassification, settings), arguments()
    expected = expected_of(model, inputs)
    request.getfixturevalue("as_if_recorded")
    torch.testing.assert_close(expected_of(model, inputs), expected, rtol=0, atol=1e-5)


def test_every_slot_computed_has_the_same_gradients(request):
    model, inputs = tiny_model(HATModel, tiny_settings()), arguments()

    def backward():
        model.zero_grad()
        output = model(*inputs).last_hidden_state
        (output * torch.randn(output.shape, generator=torch.Generator().manual_seed(5))).sum().backward()
        return gradients(model)

    expected = backward()
    request.getfixturevalue("as_if_recorded")
    for name, gradient in backward().items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-4, msg=name)


def test_documents_that_are_too_long_are_an_error_when_recorded(as_if_recorded):
    model = tiny_model(HATModel, tiny_settings())
    with pytest.raises(ValueError, match="expected at most 5, for which this model has positions"):
        model(torch.full((1, 48), 7))


@pytest.mark.slow
def test_export_of_fixed_shapes_gives_the_same():
    model, inputs = tiny_model(HATModel, tiny_settings("S|SD")), arguments()
    with torch.no_grad():
        found = torch.export.export(Recorded(model), inputs).module()(*inputs)
    torch.testing.assert_close(found, expected_of(model, inputs), rtol=0, atol=1e-5)


def exported(model, inputs):
    """RETURNS (ExportedProgram): The model, for any number of documents and of whole segments."""
    anything = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with torch.no_grad():
        return torch.export.export(Recorded(model), inputs, dynamic_shapes=(anything, anything))


@pytest.mark.slow
def test_export_of_any_shapes_gives_the_same():
    model = tiny_model(HATModel, tiny_settings("S|SD"))
    program = exported(model, arguments()).module()
    for inputs in (arguments(LONG), arguments(RAGGED), tuple(part[:1, :16] for part in arguments())):
        torch.testing.assert_close(program(*inputs), expected_of(model, inputs), rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_jit_trace_gives_the_same_for_another_mask():
    model, inputs = tiny_model(HATModel, tiny_settings("S|SD")), arguments()
    with torch.no_grad():
        traced = torch.jit.trace(Recorded(model), arguments(BATCHES["full"]), check_trace=False)
        inputs = arguments([segments[:3] for segments in LONG[:2]])
        torch.testing.assert_close(traced(*inputs), expected_of(model, inputs), rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile wants a C++ compiler, and there is no g++ here")
def test_compiled_model_gives_the_same():
    model = tiny_model(HATModel, tiny_settings("S|SD"))
    compiled = torch.compile(Recorded(model))
    for inputs in (arguments(), arguments(BATCHES["trailing_padded"])):
        with torch.no_grad():
            found = compiled(*inputs)
        torch.testing.assert_close(found, expected_of(model, inputs), rtol=0, atol=1e-5)


def session_of(program, path):
    """RETURNS (InferenceSession): ONNX Runtime, with a recorded program."""
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name)
    runtime = pytest.importorskip("onnxruntime")
    torch.onnx.export(program, dynamo=True, opset_version=18, verbose=False).save(path)
    return runtime.InferenceSession(path, providers=["CPUExecutionProvider"])


def run_session(session, inputs):
    names = [given.name for given in session.get_inputs()]
    (found,) = session.run(None, dict(zip(names, (part.numpy() for part in inputs), strict=True)))
    return torch.from_numpy(found)


ONNX_CLASSES = [
    HATModel,
    HATForSequenceClassification,
    HATForSequentialSentenceClassification,
    HATForMaskedLM,
    HATForTokenClassification,
    HATForQuestionAnswering,
]


@pytest.mark.slow
@pytest.mark.parametrize("cls", ONNX_CLASSES)
def test_onnx_runtime_gives_the_same_for_any_shapes(cls, tmp_path):
    model = tiny_model(cls, tiny_settings("S|SD"))
    session = session_of(exported(model, arguments()), tmp_path / "hat.onnx")
    for inputs in (arguments(LONG), arguments(RAGGED), tuple(part[:1, :8] for part in arguments())):
        torch.testing.assert_close(run_session(session, inputs), expected_of(model, inputs), rtol=0, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["max", "mean", "attentive", "first", "last"])
def test_onnx_runtime_gives_the_same_for_fixed_shapes(pooling, tmp_path):
    model = tiny_model(HATForSequenceClassification, tiny_settings("S|SD", pooling=pooling))
    with torch.no_grad():
        program = torch.export.export(Recorded(model), arguments())
    session = session_of(program, tmp_path / "hat.onnx")
    # The shapes that were recorded, with another mask.
    for inputs in (arguments(), arguments([[8, 8, 8, 8], [1, 0, 0, 0], [0, 0, 0, 0]])):
        torch.testing.assert_close(run_session(session, inputs), expected_of(model, inputs), rtol=0, atol=1e-4)
