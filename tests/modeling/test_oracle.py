"""The recorded outputs of the published implementation, on every position that is not padding."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from spacy_hat import modeling

from ..support import reference_hat
from ..support.oracle import GRADIENTS, HEAD_GRADIENTS, HEADS, LAYOUTS, OracleCase, over

HIDDEN_TOLERANCE = 1e-5
LOGITS_TOLERANCE = 2e-5
GRADIENT_TOLERANCE = 1e-4
WEIGHT_FILES = ["pytorch_model.bin", "model.safetensors"]
CLASSES = {
    "HATModel": modeling.HATModel,
    "HATForMaskedLM": modeling.HATForMaskedLM,
    "HATForSequenceClassification": modeling.HATForSequenceClassification,
    "HATModelForSequentialSentenceClassification": modeling.HATForSequentialSentenceClassification,
    "HATForMultipleChoice": modeling.HATForMultipleChoice,
    "HATForTokenClassification": modeling.HATForTokenClassification,
}


def load(case: OracleCase, folder: Path, weight_file: str = "model.safetensors") -> PreTrainedModel:
    """Load a case from a folder that has its config.json and one weight file only."""
    for name in ("config.json", weight_file):
        shutil.copy(case.checkpoint / name, folder)
    return CLASSES[case.about["class"]].from_pretrained(folder, **case.overrides).eval()


def tensors(case: OracleCase) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in case.inputs.items()}


def real_logits(case: OracleCase, logits: np.ndarray) -> np.ndarray:
    """The logits that are not those of a padded piece or of a padded segment."""
    n_docs, n_pieces = case.real_pieces.shape
    if logits.shape[:2] == (n_docs, n_pieces):
        return logits[case.real_pieces]
    if case.about["class"] == "HATModelForSequentialSentenceClassification":
        return logits[case.real_pieces[:, :: n_pieces // logits.shape[1]]]
    return logits


def reference_logits(case: OracleCase) -> np.ndarray:
    name, weights, config, inputs = case.about["class"], case.weights, case.config, case.inputs
    if name == "HATForSequenceClassification":
        return reference_hat.sequence_logits(weights, config, config["pooling"], **inputs)
    if name == "HATForMultipleChoice":
        return reference_hat.multiple_choice_logits(weights, config, config["pooling"], **inputs)
    functions = {
        "HATModelForSequentialSentenceClassification": reference_hat.sentence_logits,
        "HATForTokenClassification": reference_hat.token_logits,
        "HATForMaskedLM": reference_hat.masked_lm_logits,
    }
    return functions[name](weights, config, **inputs)


def assert_gradients_equal(model: PreTrainedModel, expected: dict[str, np.ndarray]) -> None:
    """Compare parameter by parameter, relative to the largest entry of each."""
    found = {name: parameter.grad for name, parameter in model.named_parameters()}
    expected = {name.removeprefix("grad."): array for name, array in expected.items() if name.startswith("grad.")}
    scale = max(np.abs(array).max() for array in expected.values())
    for name, gradient in expected.items():
        own = found[name]
        result = np.zeros_like(gradient) if own is None else own.numpy()
        difference = np.abs(result - gradient)
        if name.endswith("position_embeddings.weight"):
            # the published code freezes this row: in the document table of a RoBERTa, that of the first segment
            difference[model.config.pad_token_id] = 0
        tolerance = GRADIENT_TOLERANCE * np.abs(gradient).max()
        if name.endswith("key.bias"):
            # zero in exact arithmetic, as softmax does not see what its scores share: both are rounding errors
            tolerance = 1e-6 * scale
        assert difference.max() <= tolerance, name


@over(LAYOUTS)
def test_reference_equals_recorded_hidden_states(case):
    states = reference_hat.hidden_states(case.weights, case.config, **case.inputs)
    real, expected = case.real_pieces, case.expected
    np.testing.assert_allclose(states[-1][real], expected["last_hidden_state"][real], rtol=0, atol=HIDDEN_TOLERANCE)


@over(HEADS)
def test_reference_equals_recorded_logits(case):
    expected = real_logits(case, case.expected["logits"])
    np.testing.assert_allclose(real_logits(case, reference_logits(case)), expected, rtol=0, atol=LOGITS_TOLERANCE)


@pytest.mark.parametrize("weight_file", WEIGHT_FILES)
@over(LAYOUTS)
def test_model_last_hidden_state_equals_recorded(case, weight_file, tmp_path):
    model = load(case, tmp_path, weight_file)
    with torch.no_grad():
        result = model(**tensors(case)).last_hidden_state.numpy()
    real, expected = case.real_pieces, case.expected["last_hidden_state"]
    assert result.shape == expected.shape
    np.testing.assert_allclose(result[real], expected[real], rtol=0, atol=HIDDEN_TOLERANCE)


@over([case for case in LAYOUTS if case.expected_hidden_states is not None])
def test_model_hidden_states_equal_recorded(case, tmp_path):
    model = load(case, tmp_path)
    with torch.no_grad():
        states = model(**tensors(case), output_hidden_states=True).hidden_states
    for result, expected in zip(states, case.expected_hidden_states, strict=True):
        real = case.real_pieces
        np.testing.assert_allclose(result.numpy()[real], expected[real], rtol=0, atol=HIDDEN_TOLERANCE)


@over(LAYOUTS)
def test_model_masked_positions_are_zeros(case, tmp_path):
    model = load(case, tmp_path)
    with torch.no_grad():
        result = model(**tensors(case)).last_hidden_state.numpy()
    assert not result[~case.real_pieces].any()


@pytest.mark.parametrize("weight_file", WEIGHT_FILES)
@over(HEADS)
def test_head_logits_equal_recorded(case, weight_file, tmp_path):
    model = load(case, tmp_path, weight_file)
    with torch.no_grad():
        logits = model(**tensors(case)).logits.numpy()
    expected = case.expected["logits"]
    assert logits.shape == expected.shape
    np.testing.assert_allclose(real_logits(case, logits), real_logits(case, expected), rtol=0, atol=LOGITS_TOLERANCE)


@over(HEADS)
def test_head_loss_equals_recorded(case, tmp_path):
    model = load(case, tmp_path)
    with torch.no_grad():
        loss = model(**tensors(case), labels=torch.from_numpy(case.labels)).loss
    np.testing.assert_allclose(loss.item(), case.expected["loss"], rtol=0, atol=LOGITS_TOLERANCE)


@over(GRADIENTS)
def test_model_gradients_equal_recorded(case, tmp_path):
    model = load(case, tmp_path)
    # G, the random weight of each output, is recorded once for both
    weights = torch.from_numpy(np.load(case.folder / "grads.npz")["G"])
    output = model(**tensors(case)).last_hidden_state
    (output * weights * torch.from_numpy(case.real_pieces)[..., None]).sum().backward()
    assert_gradients_equal(model, case.gradients)


@over(HEAD_GRADIENTS)
def test_head_gradients_equal_recorded(case, tmp_path):
    model = load(case, tmp_path)
    model(**tensors(case), labels=torch.from_numpy(case.labels)).loss.backward()
    assert_gradients_equal(model, case.gradients)
