"""A bidirectional LSTM over the units of each document: sentences that know which ones stand around them.

As in the hierarchical sequential labelling network of Jin and Szolovits (2018). PyTorch computes it, but the weights
are thinc's own parameters: saved in its format, and with sizes that are inferred like those of any layer.
"""

from collections.abc import Callable
from typing import Any, cast

import torch
from thinc.api import Model, glorot_uniform_init, is_cupy_array, torch2xp, xp2torch
from thinc.types import Floats2d, FloatsXd, Ragged
from torch import Tensor

from .positions import Positions, positions

InT = Ragged
OutT = Ragged
# Of nn.LSTM, in its order: for each direction, weights of the input and of the state before, and their biases.
NAMES = tuple(f"{kind}_{direction}" for direction in ("forward", "backward") for kind in ("W", "R", "b", "c"))


def recurrent(width: int, nI: int | None = None) -> Model[InT, OutT]:
    """Read the units of each document from both sides.

    width (int): Of each direction.
    nI (int | None): Width of the input; inferred if None.
    RETURNS (Model[Ragged, Ragged]): From n_docs sequences of (n_units, nI) to n_docs of (n_units, 2 * width).
    RAISES (ValueError): If the width is not positive.
    """
    if width <= 0:
        raise ValueError(
            f"A recurrent layer has a width. Got: {width}. Expected: a positive number, such as 256. Set "
            "`recurrent_width` in the [model] section of this component, or to 0 for no recurrent layer."
        )
    dims = {"nO": 2 * width, "nI": nI}
    return Model("recurrent", forward, init=init, dims=dims, params=dict.fromkeys(NAMES))


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    ops = model.ops
    plan = positions(ops.to_numpy(X.lengths).astype("int64"))
    if not len(plan.rows):
        return Ragged(ops.alloc2f(0, model.get_dim("nO")), X.lengths), lambda _: X
    rows = ops.xp.asarray(plan.rows)
    units = _tensor(ops.xp.ascontiguousarray(X.dataXd[rows]), requires_grad=is_train)
    weights = [_tensor(model.get_param(name), requires_grad=is_train) for name in NAMES]
    with torch.set_grad_enabled(is_train):
        read = _lstm(units, weights, plan, is_train)
    Y = ops.alloc(tuple(read.shape), dtype="float32")
    Y[rows] = torch2xp(read.detach())

    def backprop(dY: OutT) -> InT:
        d_read = _tensor(ops.xp.ascontiguousarray(dY.dataXd[rows]))
        d_units, *d_weights = torch.autograd.grad([read], [units, *weights], [d_read])
        for name, gradient in zip(NAMES, d_weights, strict=True):
            model.inc_grad(name, cast(FloatsXd, torch2xp(gradient)))
        dX = ops.alloc(tuple(d_units.shape), dtype="float32")
        dX[rows] = torch2xp(d_units)
        return Ragged(cast(Floats2d, dX), X.lengths)

    return Ragged(cast(Floats2d, Y), X.lengths), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X is not None:
        model.set_dim("nI", cast(Floats2d, X.dataXd).shape[1])
    width, nI = model.get_dim("nO") // 2, model.get_dim("nI")
    shapes = {"W": (4 * width, nI), "R": (4 * width, width)}
    for name in NAMES:
        shape = shapes.get(name[0])
        weight = model.ops.alloc1f(4 * width) if shape is None else glorot_uniform_init(model.ops, shape)
        model.set_param(name, weight)


def _tensor(array: Any, requires_grad: bool = False) -> Tensor:
    """The same numbers on the device that they are on. thinc's current one is that of a thread."""
    device = torch.device("cuda", array.device.id) if is_cupy_array(array) else torch.device("cpu")
    return xp2torch(array, requires_grad=requires_grad, device=device)


def _lstm(units: Tensor, weights: list[Tensor], plan: Positions, is_train: bool) -> Tensor:
    """(n_units, 2 * width) of units by position, (n_units, nI): what nn.LSTM does with a PackedSequence."""
    zeros = units.new_zeros((2, int(plan.counts[0]), weights[1].shape[1]))
    # Biases, layers, dropout, training (which cuDNN has to be told of for a gradient), both directions.
    options: tuple[Any, ...] = (True, 1, 0.0, is_train, True)
    return torch.lstm(units, torch.from_numpy(plan.counts), (zeros, zeros), weights, *options)[0]
