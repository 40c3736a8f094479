"""The linear chain against enumeration of all label sequences, and its gradients against finite differences."""

import itertools

import numpy
import pytest
from thinc.api import NumpyOps
from thinc.types import Ragged

from spacy_hat.layers import chain_sums
from spacy_hat.layers.chain_sums import ChainWeights
from spacy_hat.layers.linear_chain import chain_weights, linear_chain, set_chain_weights, told_from
from spacy_hat.layers.positions import positions

N_LABELS = 3
LENGTHS = [[1], [4], [4, 1, 3], [0, 2, 5], [2, 0, 0, 3, 3], [3, 0]]


def make_chain(seed=0, scale=1.0):
    rng = numpy.random.default_rng(seed)
    chain = linear_chain().initialize(X=emissions([2]))
    shapes = ((N_LABELS, N_LABELS), N_LABELS, N_LABELS)
    set_chain_weights(chain, ChainWeights(*(scale * rng.normal(size=shape) for shape in shapes)))
    return chain


def emissions(lengths, seed=1, scale=2.0):
    data = numpy.random.default_rng(seed).normal(size=(sum(lengths), N_LABELS)) * scale
    return Ragged(data.astype("float32"), numpy.array(lengths, dtype="int32"))


def sequence_score(chain, rows, labels):
    weights = chain_weights(chain)
    steps = sum(weights.transitions[a, b] for a, b in itertools.pairwise(labels))
    return (
        weights.first[labels[0]]
        + weights.last[labels[-1]]
        + steps
        + sum(row[k] for row, k in zip(rows, labels, strict=True))
    )


def log_likelihood(chain, X, truth):
    """By enumeration: the log probability of the right labels of all documents."""
    total, end = 0.0, 0
    for length in X.lengths.tolist():
        start, end = end, end + length
        if length:
            rows = X.dataXd[start:end].astype("float64")
            all_labels = itertools.product(range(N_LABELS), repeat=length)
            scores = [sequence_score(chain, rows, labels) for labels in all_labels]
            total += sequence_score(chain, rows, truth[start:end]) - numpy.log(numpy.exp(scores).sum())
    return total


def enumerated_marginals(chain, X):
    found, end = numpy.zeros(X.dataXd.shape), 0
    for length in X.lengths.tolist():
        start, end = end, end + length
        sequences = list(itertools.product(range(N_LABELS), repeat=length)) if length else []
        scores = numpy.array([sequence_score(chain, X.dataXd[start:end].astype("float64"), y) for y in sequences])
        chances = numpy.exp(scores) / numpy.exp(scores).sum()
        for labels, chance in zip(sequences, chances, strict=True):
            found[numpy.arange(start, end), list(labels)] += chance
    return found


@pytest.mark.parametrize("lengths", LENGTHS)
def test_linear_chain_marginals_equal_enumeration(lengths):
    chain, X = make_chain(), emissions(lengths)
    numpy.testing.assert_allclose(chain.predict(X), enumerated_marginals(chain, X), atol=1e-6)


def test_linear_chain_without_weights_is_a_softmax():
    chain, X = linear_chain().initialize(X=emissions([2])), emissions([3, 2])
    numpy.testing.assert_allclose(chain.predict(X), NumpyOps().softmax(X.dataXd), atol=1e-6)


@pytest.mark.parametrize("name", ["transitions", "first", "last"])
def test_linear_chain_weights_change_scores(name):
    chain, X = linear_chain().initialize(X=emissions([2])), emissions([3, 2])
    before = chain.predict(X)
    chain.set_param(name, make_chain().get_param(name))
    assert not numpy.allclose(chain.predict(X), before)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("name", ["emissions", "transitions", "first", "last"])
def test_linear_chain_gradients_are_those_of_the_likelihood(name, lengths):
    chain, X = make_chain(), emissions(lengths)
    truth = numpy.random.default_rng(2).integers(N_LABELS, size=sum(lengths)).tolist()
    scores, backprop = chain(X, is_train=True)
    dX = backprop(scores - numpy.eye(N_LABELS, dtype="float32")[truth])
    value = X.dataXd if name == "emissions" else chain.get_param(name)
    gradient = dX.dataXd if name == "emissions" else chain.get_grad(name)
    direction = numpy.random.default_rng(3).normal(size=value.shape)
    losses = []
    size = 1e-3 if name == "emissions" else 1e-4
    for step in (size, -size):
        moved = (value + step * direction).astype("float32")
        if name == "emissions":
            losses.append(-log_likelihood(chain, Ragged(moved, X.lengths), truth))
        else:
            chain.set_param(name, moved)
            losses.append(-log_likelihood(chain, X, truth))
    assert (gradient * direction).sum() == pytest.approx((losses[0] - losses[1]) / (2 * size), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_linear_chain_batched_equals_one_by_one(lengths):
    chain, X = make_chain(), emissions(lengths)
    ends = numpy.cumsum(lengths)
    alone = [
        chain.predict(Ragged(X.dataXd[end - length : end], numpy.array([length], dtype="int32")))
        for length, end in zip(lengths, ends, strict=True)
    ]
    numpy.testing.assert_allclose(chain.predict(X), numpy.concatenate(alone), rtol=1e-6)


@pytest.mark.parametrize("portion", [1, 20, 10**6])
def test_linear_chain_gradient_is_the_same_in_portions_of_any_size(monkeypatch, portion):
    gradients = []
    for size in (chain_sums.PORTION, portion):
        monkeypatch.setattr(chain_sums, "PORTION", size)
        chain, X = make_chain(), emissions([4, 1, 3])
        scores, backprop = chain(X, is_train=True)
        backprop(scores - numpy.eye(N_LABELS, dtype="float32")[[0, 1, 2, 0, 1, 2, 0, 1]])
        gradients.append(chain.get_grad("transitions"))
    numpy.testing.assert_allclose(*gradients, rtol=1e-6, atol=1e-6)


def test_linear_chain_takes_documents_without_units():
    chain = make_chain()
    scores, backprop = chain(emissions([0, 0]), is_train=True)
    assert scores.shape == (0, N_LABELS)
    assert backprop(scores).dataXd.shape == (0, N_LABELS)
    assert not chain.get_grad("transitions").any()


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_linear_chain_of_ten_thousand_units_is_exact_to_the_last(scale):
    chain, X = make_chain(scale=scale), emissions([10_000], scale=scale)
    scores, backprop = chain(X, is_train=True)
    numpy.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-5)
    # Nothing of what stands far away reaches the last units but by the chain: they are those of the last few.
    short = chain.predict(Ragged(X.dataXd[-200:], numpy.array([200], dtype="int32")))
    numpy.testing.assert_allclose(scores[-100:], short[-100:], atol=1e-5)
    backprop(scores - numpy.eye(N_LABELS, dtype="float32")[numpy.zeros(10_000, dtype="int64")])
    assert numpy.isfinite(chain.get_grad("transitions")).all()


def weighted_gradient(count):
    """Gradients where units of label 2 count so much, as spancat's negative_weight has it."""
    chain, X = make_chain(), emissions([4, 3])
    truth = numpy.array([0, 2, 1, 2, 2, 0, 1])
    scores, backprop = chain(X, is_train=True)
    d_scores = scores - numpy.eye(N_LABELS, dtype="float32")[truth]
    backprop(numpy.where(truth[:, None] == 2, numpy.float32(count), 1) * d_scores)
    return chain.get_grad("transitions")


def test_linear_chain_truth_is_told_whatever_units_count():
    truth = numpy.array([0, 1, 2, 1])
    scores = NumpyOps().softmax(emissions([4]).dataXd)
    counts = numpy.array([1.0, 0.1, 7.0, 1.0], dtype="float32")
    d_scores = counts[:, None] * (scores - numpy.eye(N_LABELS, dtype="float32")[truth])
    found, weights = told_from(NumpyOps(), scores, d_scores)
    numpy.testing.assert_array_equal(found, truth)
    numpy.testing.assert_allclose(weights, counts, rtol=1e-5)


def test_linear_chain_pairs_with_units_that_do_not_count_are_not_learned():
    without, half, whole = (weighted_gradient(count) for count in (0.0, 0.25, 1.0))
    # No two units of label 2 stand side by side: a pair counts 1, or the root of what its unit of label 2 counts.
    assert not numpy.allclose(without, whole)
    numpy.testing.assert_allclose(half - without, 0.5 * (whole - without), atol=1e-4)


def test_positions_take_longer_documents_first():
    plan = positions(numpy.array([2, 0, 3]))
    assert plan.rows.tolist() == [2, 0, 3, 1, 4]
    assert plan.counts.tolist() == [2, 2, 1]
    assert plan.rows[plan.before()].tolist() == [2, 0, 3]
    assert plan.rows[plan.after()].tolist() == [3, 1, 4]
    assert sorted(plan.rows[plan.last()].tolist()) == [1, 4]


def test_linear_chain_weights_are_read_in_double_precision():
    weights = chain_weights(make_chain())
    assert {part.dtype for part in (weights.transitions, weights.first, weights.last)} == {numpy.dtype("float64")}
