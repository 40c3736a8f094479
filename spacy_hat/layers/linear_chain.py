"""A linear chain over the labels of units that follow each other (Lafferty et al. 2001).

Scores are the marginals: the probability of each label of a unit, summed over the labels of the others. Their
difference from the truth is the gradient of the negative log likelihood with respect to the emissions, so
`scores - truth`, which spaCy's span categorizer hands back, passes as it is. The transitions need the truth itself,
which can be told from it.
"""

from collections.abc import Callable
from typing import Any, cast

from thinc.api import Model, Ops
from thinc.types import Floats2d, Ragged

from .chain_sums import ChainWeights, filtered, marginals, pair_sums
from .positions import positions

InT = Ragged
OutT = Floats2d

# Weights are parameters times this. Adam moves every parameter by about the learning rate, and with that of a dense
# layer (0.001) it would take thousands of steps to the log odds that labels follow each other with.
SCALE = 10.0


def linear_chain(nO: int | None = None) -> Model[InT, OutT]:
    """From scores of each unit on its own to scores in the chain of its document. It starts at zero, a softmax.

    nO (int | None): n_labels; inferred if None.
    RETURNS (Model[Ragged, Floats2d]): From n_docs sequences of (n_units, n_labels) emissions to the marginals of all
        units, (units of all documents, n_labels).
    """
    return Model(
        "linear_chain",
        forward,
        init=init,
        dims={"nO": nO},
        params={"transitions": None, "first": None, "last": None},
        attrs={"exclusive_classes": True},
    )


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    ops, xp = model.ops, model.ops.xp
    weights = chain_weights(model)
    plan = positions(ops.to_numpy(X.lengths).astype("int64"))
    rows = xp.asarray(plan.rows)
    # In half or single precision, errors would add up along the chain.
    found = filtered(xp, X.dataXd[rows].astype("float64"), weights, plan)
    labels = marginals(xp, found, weights, plan)
    scores = ops.alloc(labels.shape, dtype="float32")
    scores[rows] = labels

    def backprop(d_scores: OutT) -> InT:
        truth, counts = told_from(ops, scores[rows], d_scores[rows])
        before, after = xp.asarray(plan.before()), xp.asarray(plan.after())
        pair_weights = xp.sqrt(counts[before] * counts[after])
        expected = pair_sums(xp, found, labels, weights, plan, pair_weights)
        pairs = truth[before] * len(weights.first) + truth[after]
        observed = xp.bincount(pairs, weights=pair_weights, minlength=expected.size).reshape(expected.shape)
        _inc_grad(model, "transitions", expected - observed)
        # The gradients of the first and last weights are those of the scores that they are added to.
        by_position = d_scores[rows]
        _inc_grad(model, "first", by_position[: plan.counts[:1].sum()].sum(axis=0))
        _inc_grad(model, "last", by_position[xp.asarray(plan.last())].sum(axis=0))
        return Ragged(d_scores, X.lengths)

    return cast(OutT, scores), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X is not None:
        model.set_dim("nO", cast(Floats2d, X.dataXd).shape[1])
    nO = model.get_dim("nO")
    model.set_param("transitions", model.ops.alloc2f(nO, nO))
    model.set_param("first", model.ops.alloc1f(nO))
    model.set_param("last", model.ops.alloc1f(nO))


def chain_weights(model: Model[InT, OutT]) -> ChainWeights:
    """RETURNS (ChainWeights): The weights of a linear chain, in float64."""
    return ChainWeights(*(SCALE * model.get_param(name).astype("float64") for name in ("transitions", "first", "last")))


def set_chain_weights(model: Model[InT, OutT], weights: ChainWeights) -> None:
    """Give a linear chain its weights.

    model (Model[Ragged, Floats2d]): The layer.
    weights (ChainWeights): Its weights.
    """
    for name in ("transitions", "first", "last"):
        model.set_param(name, (getattr(weights, name) / SCALE).astype("float32"))


def told_from(ops: Ops, scores: Any, d_scores: Any) -> tuple[Any, Any]:
    """Tell the truth, and how much each unit counts, from count * (scores - truth), negative for the truth alone.

    A unit that counts nothing (negative_weight = 0, say) has no truth; nor has one that is scored 1.0 and right, where
    there is nothing to learn.

    ops (Ops): Where the arrays are.
    scores (Array): (n_units, n_labels), none above 1.
    d_scores (Array): (n_units, n_labels), the gradient.
    RETURNS (tuple[Array, Array]): (n_units,) the right label; (n_units,) how much it counts, 1.0 unless weighted.
    """
    xp = ops.xp
    truth = d_scores.argmin(axis=1)
    each = xp.arange(len(truth))
    missing = 1.0 - scores[each, truth].astype("float64")
    counts = xp.where(missing > 0, -d_scores[each, truth] / xp.where(missing > 0, missing, 1.0), 0.0)
    return truth, xp.maximum(counts, 0.0)


def _inc_grad(model: Model[InT, OutT], name: str, gradient: Any) -> None:
    model.inc_grad(name, (SCALE * gradient).astype("float32"))
