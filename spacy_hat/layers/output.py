"""From logits to scores, and from spaCy's `scores - truth` back to the gradient of the logits."""

from collections.abc import Callable
from functools import partial

from thinc.api import Linear, Model, resizable, zero_init
from thinc.layers.resizable import resize_linear_weighted
from thinc.types import Floats2d

from .finite import check_scores

InT = Floats2d
OutT = Floats2d

# A label added to a trained head starts improbable (0.7 % as a logistic score), so that old predictions stand, but
# within reach of a few updates. A zero would make a multi-label head predict it everywhere.
ADDED_LABEL_BIAS = -5.0


def output_layer(nO: int | None = None) -> Model[Floats2d, Floats2d]:
    """The linear layer to logits, which can grow by rows. It starts at zero, with all labels alike under any seed.

    nO (int | None): n_labels; inferred if None.
    RETURNS (Model[Floats2d, Floats2d]): From (rows, hidden_size) to (rows, n_labels). The linear layer is its only
        sublayer, and a new one after growing: optimizers keep their state by layer, and the old state does not fit.
    """
    grow = partial(resize_linear_weighted, fill_defaults={"W": 0.0, "b": ADDED_LABEL_BIAS})
    return resizable(Linear(nO=nO, init_W=zero_init, init_b=zero_init), resize_layer=grow)


def scores(exclusive_classes: bool) -> Model[InT, OutT]:
    """Softmax or logistic scores whose gradient is that of the cross entropy.

    textcat and spancat hand back `scores - truth`. For softmax and for logistic scores alike, that is the gradient of
    the cross entropy with respect to the *logits*: it passes as it is. thinc's Softmax does the same; thinc's Logistic
    takes it for that of the squared error and multiplies by score * (1 - score), so that a score near 0 or 1 that is
    wrong hardly learns.

    exclusive_classes (bool): Softmax if true (one label each), logistic if false.
    RETURNS (Model[Floats2d, Floats2d]): From logits (rows, n_labels) to scores of that shape.
    """
    return Model("scores", forward, attrs={"exclusive_classes": exclusive_classes})


def forward(model: Model[InT, OutT], logits: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    to_scores = model.ops.softmax if model.attrs["exclusive_classes"] else model.ops.sigmoid

    def backprop(d_logits: OutT) -> InT:
        return d_logits

    scored = to_scores(logits)
    check_scores(scored, logits.shape[-1])
    return scored, backprop
