from typing import get_args

import numpy
import pytest
from thinc.types import Ragged

from spacy_hat.choices import Pooling
from spacy_hat.layers.attentive_pooling import attentive_pooling, segment_weights
from spacy_hat.layers.pooling import document_pooling
from spacy_hat.layers.segment_vectors import segment_vectors
from spacy_hat.layers.span_vectors import span_vectors

from ..support.trf_data import EMPTY, LONG, SHORT, WIDTH, make_output, make_spans

POOLINGS = get_args(Pooling)
BATCHES = {
    "none empty": [SHORT, LONG],
    "first empty": [EMPTY, LONG],
    "middle empty": [SHORT, EMPTY, LONG],
    "last empty": [LONG, EMPTY],
    "all empty": [EMPTY, EMPTY],
}


def make_outputs(batch):
    return [make_output(segments, seed=i, segment_length=8 + i) for i, segments in enumerate(BATCHES[batch])]


def initialized(layer, X):
    return layer.initialize(X=X)


def pooled(pooling, X):
    numpy.random.seed(0)
    return initialized(document_pooling(pooling), X).predict(X)


def slow_span_vector(output, span):
    """The definition, piece by piece."""
    if "last_hidden_state" not in output.model_output:
        return numpy.zeros(2 * WIDTH)
    hidden = output.model_output.last_hidden_state
    pieces = [int(row) for token in range(*span) for row in numpy.ravel(output.align[token].dataXd)]
    if not pieces:
        return numpy.zeros(2 * WIDTH)
    places = [divmod(row, hidden.shape[1]) for row in pieces]
    segments = sorted({segment for segment, _ in places})
    by_segment = numpy.mean([hidden[segment, 0] for segment in segments], axis=0)
    return numpy.concatenate([by_segment, numpy.mean([hidden[place] for place in places], axis=0)])


@pytest.mark.parametrize("batch", BATCHES)
def test_segment_vectors_are_the_first_vectors_of_segments(batch):
    outputs = make_outputs(batch)
    Y = initialized(segment_vectors(), [make_output(SHORT)]).predict(outputs)
    expected = [row[0] for o in outputs if o.model_output for row in o.model_output.last_hidden_state]
    numpy.testing.assert_array_equal(Y.dataXd, numpy.array(expected, dtype="f").reshape((-1, WIDTH)))
    assert Y.lengths.tolist() == [len(segments) for segments in BATCHES[batch]]


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("lengths", [[3, 2], [0, 3, 2], [3, 0, 2], [3, 2, 0]])
def test_document_pooling_is_that_of_each_document_alone(pooling, lengths):
    rows = numpy.random.default_rng(0).normal(size=(5, WIDTH)).astype("f")
    Y = pooled(pooling, Ragged(rows, numpy.array(lengths, dtype="i")))
    parts = numpy.split(rows, numpy.cumsum(lengths)[:-1])
    alone = [pooled(pooling, Ragged(p, numpy.array([len(p)], dtype="i")))[0] if len(p) else [0] * WIDTH for p in parts]
    numpy.testing.assert_allclose(Y, alone, atol=1e-6)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_document_pooling_gives_zeros_where_there_are_no_segments_at_all(pooling):
    X = Ragged(numpy.zeros((0, WIDTH), dtype="f"), numpy.zeros(2, dtype="i"))
    layer = initialized(document_pooling(pooling), X)
    Y, backprop = layer(X, is_train=True)
    assert (Y.shape, Y.sum()) == ((2, WIDTH), 0.0)
    assert backprop(Y).dataXd.shape == (0, WIDTH)


@pytest.mark.parametrize(
    ("pooling", "reduce"), [("max", numpy.max), ("mean", numpy.mean), ("first", lambda z, axis: z[0])]
)
def test_document_pooling_reduces_the_segments(pooling, reduce):
    rows = numpy.random.default_rng(0).normal(size=(3, WIDTH)).astype("f")
    Y = pooled(pooling, Ragged(rows, numpy.array([3], dtype="i")))
    numpy.testing.assert_allclose(Y, [reduce(rows, axis=0)], rtol=1e-6)


def test_document_pooling_rejects_an_unknown_name():
    with pytest.raises(ValueError, match=f"'cls'.*{', '.join(get_args(Pooling))}"):
        document_pooling("cls")


def test_attentive_pooling_is_the_published_formula():
    rng = numpy.random.default_rng(0)
    z = rng.normal(size=(3, WIDTH)).astype("f")
    layer = initialized(attentive_pooling(), Ragged(z, numpy.array([3], dtype="i")))
    W, b, v = (rng.normal(size=shape).astype("f") for shape in [(WIDTH, WIDTH), (WIDTH,), (WIDTH,)])
    for name, value in {"W": W, "b": b, "v": v}.items():
        layer.set_param(name, value)
    score = [numpy.exp(numpy.tanh(sum(v[i] * (W[i] @ row + b[i]) for i in range(WIDTH)))) for row in z]
    expected = sum(s / sum(score) * row for s, row in zip(score, z, strict=True))
    Y = layer.predict(Ragged(z, numpy.array([3], dtype="i")))
    numpy.testing.assert_allclose(Y[0], expected, rtol=1e-5)


@pytest.mark.parametrize("batch", BATCHES)
def test_span_vectors_are_the_means_over_segments_and_pieces(batch):
    outputs = make_outputs(batch)
    spans = [[[0, 2], [1, 2], [0, 1], [0, n], [0, 2]] for n in map(tokens, BATCHES[batch])]
    spans = [s if segments else [[0, 1]] for s, segments in zip(spans, BATCHES[batch], strict=True)]
    layer = initialized(span_vectors(), ([make_output(SHORT)], make_spans([[0, 1]])))
    Y = layer.predict((outputs, make_spans(*spans)))
    expected = [slow_span_vector(o, span) for o, s in zip(outputs, spans, strict=True) for span in s]
    numpy.testing.assert_allclose(Y, expected, atol=1e-6)


def tokens(segments):
    return sum(map(len, segments))


@pytest.mark.parametrize("span", [[0, 3], [2, 4], [3, 7], [6, 7], [0, 7]])
def test_span_vectors_of_a_span_over_several_segments(span):
    output = make_output(LONG)
    layer = initialized(span_vectors(), ([output], make_spans([[0, 1]])))
    Y = layer.predict(([output], make_spans([span])))
    numpy.testing.assert_allclose(Y[0], slow_span_vector(output, span), atol=1e-6)


def test_span_vectors_of_a_token_cut_by_the_end_of_a_segment():
    output = make_output([[2], [2]])
    output.align = Ragged(output.align.data, numpy.array([4], dtype="i"))
    layer = initialized(span_vectors(), ([output], make_spans([[0, 1]])))
    Y = layer.predict(([output], make_spans([[0, 1]])))
    numpy.testing.assert_allclose(Y[0, :WIDTH], output.model_output.last_hidden_state[:, 0].mean(axis=0), rtol=1e-5)


def test_span_vectors_of_spaces_are_zeros():
    output = make_output(LONG)
    layer = initialized(span_vectors(), ([output], make_spans([[0, 1]])))
    assert not layer.predict(([output], make_spans([[4, 5]]))).any()


@pytest.mark.parametrize("data_shape", [(0, 0), (0, 2)])
def test_span_vectors_of_no_spans(data_shape):
    output = make_output(LONG)
    layer = initialized(span_vectors(), ([output], make_spans([[0, 1]])))
    spans = Ragged(numpy.zeros(data_shape, dtype="i"), numpy.zeros(1, dtype="i"))
    Y, backprop = layer(([output], spans), is_train=True)
    d_outputs, _ = backprop(Y)
    assert Y.shape == (0, 2 * WIDTH)
    assert not d_outputs[0].model_output.last_hidden_state.any()


def test_segment_weights_are_shares_of_each_document():
    rng = numpy.random.default_rng(0)
    Z = Ragged(rng.normal(size=(5, WIDTH)).astype("f"), numpy.array([3, 2], dtype="i"))
    layer = initialized(attentive_pooling(), Z)
    weights = segment_weights(layer, Z)
    assert weights.shape == (5, 1)
    numpy.testing.assert_allclose([weights[:3].sum(), weights[3:].sum()], [1.0, 1.0], rtol=1e-6)
    numpy.testing.assert_allclose((weights * Z.dataXd)[:3].sum(axis=0), layer.predict(Z)[0], rtol=1e-5)
