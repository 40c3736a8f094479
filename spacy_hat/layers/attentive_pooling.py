"""A mean of segment vectors with learned weights (Chalkidis et al. 2022, arXiv 2210.05529, as published in code).

    t = v . (W z + b)      a = softmax over the segments of a document of tanh(t)      p = sum of a z

tanh comes after the projection on v, and the sum is over the vectors z themselves: attentive pooling of Yang et al.
2016 has both the other way round.
"""

from collections.abc import Callable
from typing import cast

import numpy
from thinc.api import Model, Ops, glorot_uniform_init
from thinc.types import Floats1d, Floats2d, Ints1d, Ragged

InT = Ragged
OutT = Floats2d


def attentive_pooling(nO: int | None = None) -> Model[InT, OutT]:
    """Weigh the segments of each document against each other. Each document needs at least one.

    nO (int | None): hidden_size; inferred if None.
    RETURNS (Model[Ragged, Floats2d]): From n_docs sequences of (n_segments, hidden_size) to (n_docs, hidden_size).
    """
    return Model(
        "attentive_pooling",
        forward,
        init=init,
        dims={"nO": nO},
        params={"W": None, "b": None, "v": None},
    )


def forward(model: Model[InT, OutT], Z: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    ops = model.ops
    W, v = cast(Floats2d, model.get_param("W")), cast(Floats1d, model.get_param("v"))
    z, lengths = cast(Floats2d, Z.dataXd), Z.lengths
    owners = _owners(ops, lengths)
    u, s, a = _attend(model, Z, owners)
    P = ops.reduce_sum(a * z, lengths)

    def backprop(dP: OutT) -> InT:
        dp = dP[owners]
        da = (dp * z).sum(axis=1, keepdims=True)
        ds = a * (da - ops.reduce_sum(a * da, lengths)[owners])
        dt = ds * (1 - s**2)
        du = dt * v
        model.inc_grad("v", (dt * u).sum(axis=0))
        model.inc_grad("b", du.sum(axis=0))
        model.inc_grad("W", ops.gemm(du, z, trans1=True))
        return Ragged(a * dp + ops.gemm(du, W), lengths)

    return P, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X is not None:
        model.set_dim("nO", cast(Floats2d, X.dataXd).shape[1])
    nO = model.get_dim("nO")
    model.set_param("W", glorot_uniform_init(model.ops, (nO, nO)))
    model.set_param("b", model.ops.alloc1f(nO))
    model.set_param("v", model.ops.reshape1f(glorot_uniform_init(model.ops, (1, nO)), nO))


def segment_weights(model: Model[InT, OutT], Z: InT) -> Floats2d:
    """How much each segment counts.

    model (Model[Ragged, Floats2d]): An attentive pooling.
    Z (Ragged): n_docs sequences of (n_segments, hidden_size), none of them empty.
    RETURNS (Floats2d): (segments of all documents, 1); those of a document sum to 1.
    """
    return _attend(model, Z, _owners(model.ops, Z.lengths))[2]


def _attend(model: Model[InT, OutT], Z: InT, owners: Ints1d) -> tuple[Floats2d, Floats2d, Floats2d]:
    """u = W z + b, s = tanh(v . u), and a, the softmax of s by document."""
    ops = model.ops
    W = cast(Floats2d, model.get_param("W"))
    b, v = cast(Floats1d, model.get_param("b")), cast(Floats1d, model.get_param("v"))
    u = ops.affine(cast(Floats2d, Z.dataXd), W, b)
    s = ops.xp.tanh(u @ v)[:, None]
    # tanh keeps the scores in [-1, 1]: exp needs no maximum subtracted.
    e = ops.xp.exp(s)
    return u, s, e / ops.reduce_sum(e, Z.lengths)[owners]


def _owners(ops: Ops, lengths: Ints1d) -> Ints1d:
    # On the host, as CuPy cannot repeat by an array.
    return ops.asarray1i(cast(Ints1d, numpy.repeat(numpy.arange(len(lengths)), ops.to_numpy(lengths))))
