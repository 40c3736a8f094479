"""The layer between pooled vectors and scores: dense, tanh, dropout."""

from collections.abc import Callable
from typing import cast

from thinc.api import Model, glorot_uniform_init
from thinc.types import Floats1d, Floats2d

InT = Floats2d
OutT = Floats2d


def hidden_layer(dropout: float = 0.0, nO: int | None = None, nI: int | None = None) -> Model[InT, OutT]:
    """A dense layer, tanh and dropout, as in the published heads.

    dropout (float): Probability of a zero, in training only. It belongs to the head: `[training] dropout` does not
        reach it, just as it does not reach the encoder.
    nO (int | None): Width of the output, to be set before initialization.
    nI (int | None): Width of the input; inferred if None.
    RETURNS (Model[Floats2d, Floats2d]): From (rows, nI) to (rows, nO).
    RAISES (ValueError): If dropout is not a probability below 1.
    """
    if not 0.0 <= dropout < 1.0:
        raise ValueError(
            f"Dropout of a head is the probability of a zero. Got: {dropout}. Expected: at least 0.0, less than 1.0. "
            "Set `dropout` in the [model] section of this component, for instance to 0.1."
        )
    # Not named `dropout_rate`: set_dropout_rate, which every spaCy component calls in update, would overwrite it.
    return Model(
        "hidden",
        forward,
        init=init,
        dims={"nO": nO, "nI": nI},
        params={"W": None, "b": None},
        attrs={"dropout": dropout},
    )


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    ops = model.ops
    W, b = cast(Floats2d, model.get_param("W")), cast(Floats1d, model.get_param("b"))
    H = ops.xp.tanh(ops.affine(X, W, b))
    drops = is_train and model.attrs["dropout"] > 0
    mask = ops.get_dropout_mask(H.shape, model.attrs["dropout"]) if drops else None

    def backprop(dY: OutT) -> InT:
        dH = dY if mask is None else dY * mask
        d_dense = dH * (1 - H**2)
        model.inc_grad("W", ops.gemm(d_dense, X, trans1=True))
        model.inc_grad("b", d_dense.sum(axis=0))
        return ops.gemm(d_dense, W)

    return H if mask is None else H * mask, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    # Y is that of the whole head, and says nothing about this width.
    if X is not None:
        model.set_dim("nI", X.shape[1])
    nO, nI = model.get_dim("nO"), model.get_dim("nI")
    model.set_param("W", glorot_uniform_init(model.ops, (nO, nI)))
    model.set_param("b", model.ops.alloc1f(nO))
