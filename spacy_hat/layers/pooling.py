"""From the segment vectors of each document to one vector."""

from collections.abc import Callable
from typing import cast, get_args

from thinc.api import Model, reduce_first, reduce_max, reduce_mean
from thinc.types import Floats2d, Ragged

from ..choices import Pooling
from .attentive_pooling import attentive_pooling

InT = Ragged
OutT = Floats2d


def document_pooling(pooling: Pooling) -> Model[InT, OutT]:
    """Pool segment vectors, documents without segments included.

    pooling (Pooling): The maximum of each dimension, the mean, a mean with
        learned weights, or the first segment alone.
    RETURNS (Model[Ragged, Floats2d]): From n_docs sequences of (n_segments, hidden_size) to (n_docs, hidden_size).
    RAISES (ValueError): If there is no such pooling.
    """
    builders = {"max": reduce_max, "mean": reduce_mean, "attentive": attentive_pooling, "first": reduce_first}
    if pooling not in builders:
        raise ValueError(
            f"No such pooling of segment vectors: {pooling!r}. Expected one of {', '.join(get_args(Pooling))}. "
            "Set `pooling` in the [model] section of this component to one of them."
        )
    return skip_empty(builders[pooling]())


def skip_empty(layer: Model[InT, OutT]) -> Model[InT, OutT]:
    """Run a reduction on the sequences that have rows; the others get zeros (thinc's reductions raise on them).

    layer (Model[Ragged, Floats2d]): A reduction to vectors as wide as its input.
    RETURNS (Model[Ragged, Floats2d]): The same for sequences of any length.
    """
    return Model(f"skip_empty({layer.name})", forward, init=init, layers=[layer])


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    ops = model.ops
    n_rows, width = cast(Floats2d, X.dataXd).shape
    if n_rows == 0:
        return ops.alloc2f(len(X.lengths), width), lambda _: X
    filled = X.lengths > 0
    Y_filled, backprop_layer = model.layers[0](Ragged(X.data, X.lengths[filled]), is_train)
    Y = ops.alloc((len(X.lengths), width), dtype=Y_filled.dtype)
    Y[filled] = Y_filled

    def backprop(dY: OutT) -> InT:
        return Ragged(backprop_layer(dY[filled]).data, X.lengths)

    return Y, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    model.layers[0].initialize(X=X, Y=Y)
