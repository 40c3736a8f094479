"""Check a layer's backprop against finite differences, and that it writes into none of its arguments."""

from typing import Any

import numpy
import pytest
from spacy_transformers.data_classes import TransformerData
from thinc.api import Model
from thinc.types import Ragged

from spacy_hat.layers.transformer_outputs import has_output, hidden_states, with_gradient

STEP = 1e-2


def assert_gradients(model: Model, X: Any) -> None:
    """Compare dX and the gradient of each parameter with differences along random directions."""
    rng = numpy.random.default_rng(1)
    Y, backprop = model(X, is_train=True)
    weight = rng.normal(size=arrays_of(Y)[0].shape).astype("float32")
    kept = [array.copy() for array in [*arrays_of(X), weight]]
    dX = backprop(with_arrays(Y, [weight]))
    for before, after in zip(kept, [*arrays_of(X), weight], strict=True):
        numpy.testing.assert_array_equal(before, after)

    def loss(X: Any) -> float:
        return float((arrays_of(model.predict(X))[0].astype("float64") * weight).sum())

    directions = [rng.normal(size=array.shape).astype("float32") for array in arrays_of(X)]
    steps = [[a + sign * STEP * d for a, d in zip(arrays_of(X), directions, strict=True)] for sign in (1, -1)]
    numeric = (loss(with_arrays(X, steps[0])) - loss(with_arrays(X, steps[1]))) / (2 * STEP)
    analytic = sum(float((d * g).sum()) for d, g in zip(directions, arrays_of(dX), strict=True))
    assert analytic == _close_to(numeric)
    for node in model.walk():
        for name in node.param_names:
            param: Any = node.get_param(name).copy()
            direction = rng.normal(size=param.shape).astype("float32")
            losses = []
            for sign in (1, -1):
                node.set_param(name, param + sign * STEP * direction)
                losses.append(loss(X))
            node.set_param(name, param)
            assert float((node.get_grad(name) * direction).sum()) == _close_to((losses[0] - losses[1]) / (2 * STEP))


def arrays_of(X: Any) -> list[Any]:
    """RETURNS (list[ndarray]): The arrays in the input, output or gradient of a layer."""
    if isinstance(X, tuple):
        return arrays_of(X[0])
    if isinstance(X, Ragged):
        return [X.dataXd]
    if isinstance(X, list):
        return [hidden_states(data) for data in X if has_output(data)]
    return [X]


def with_arrays(X: Any, arrays: list[Any]) -> Any:
    """The same input, output or gradient with other arrays."""
    if isinstance(X, tuple):
        return (with_arrays(X[0], arrays), *X[1:])
    if isinstance(X, Ragged):
        return Ragged(arrays[0], X.lengths)
    if isinstance(X, list):
        rest = iter(arrays)
        return [_with_array(data, rest) for data in X]
    return arrays[0]


def _with_array(data: TransformerData, rest: Any) -> TransformerData:
    return with_gradient(data, next(rest)) if has_output(data) else data


def _close_to(value: float) -> Any:
    return pytest.approx(value, rel=1e-2, abs=2e-3)
