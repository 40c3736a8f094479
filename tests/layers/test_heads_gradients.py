import numpy
import pytest
from thinc.types import Ragged

from spacy_hat.layers.attentive_pooling import attentive_pooling
from spacy_hat.layers.hidden import hidden_layer
from spacy_hat.layers.output import output_layer, scores
from spacy_hat.layers.pooling import document_pooling
from spacy_hat.layers.segment_vectors import segment_vectors
from spacy_hat.layers.span_vectors import span_vectors

from ..support.finite_differences import assert_gradients
from ..support.trf_data import EMPTY, LONG, SHORT, WIDTH, make_output, make_spans

RNG = numpy.random.default_rng(0)
MATRIX = RNG.normal(size=(5, WIDTH)).astype("float32")
SEGMENTS = Ragged(RNG.normal(size=(6, WIDTH)).astype("float32"), numpy.array([0, 3, 0, 1, 2, 0], dtype="i"))
NO_EMPTY = Ragged(SEGMENTS.dataXd, numpy.array([3, 1, 2], dtype="i"))
OUTPUTS = [make_output(s, seed=i) for i, s in enumerate([EMPTY, LONG, EMPTY, SHORT, EMPTY])]
# overlapping, repeated, over a segment's edge, and one of spaces only
SPANS = make_spans([], [[0, 3], [1, 5], [4, 5], [2, 7], [1, 5]], [[0, 1]], [[0, 2], [1, 2]], [])

SAMPLE = [make_output(SHORT)]
# layer, what it is initialized on, what it is run on
LAYERS = {
    "segment_vectors": (segment_vectors(), SAMPLE, OUTPUTS),
    "max": (document_pooling("max"), SEGMENTS, SEGMENTS),
    "mean": (document_pooling("mean"), SEGMENTS, SEGMENTS),
    "first": (document_pooling("first"), SEGMENTS, SEGMENTS),
    "attentive": (document_pooling("attentive"), SEGMENTS, SEGMENTS),
    "attentive_pooling": (attentive_pooling(), NO_EMPTY, NO_EMPTY),
    "hidden": (hidden_layer(nO=3), MATRIX, MATRIX),
    "output": (output_layer(nO=3), MATRIX, MATRIX),
    "span_vectors": (span_vectors(), (SAMPLE, SPANS), (OUTPUTS, SPANS)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer_gradients_equal_finite_differences(name):
    layer, sample, X = LAYERS[name]
    layer.initialize(X=sample)
    for node in layer.walk():
        for param in node.param_names:
            shape = node.get_param(param).shape
            node.set_param(param, RNG.normal(size=shape).astype("float32"))
    assert_gradients(layer, X)


@pytest.mark.parametrize("name", ["segment_vectors", "span_vectors"])
def test_layer_gradient_leaves_out_documents_without_output(name):
    layer, sample, X = LAYERS[name]
    Y, backprop = layer.initialize(X=sample)(X, is_train=True)
    dX = backprop(Y)
    d_outputs = dX[0] if name == "span_vectors" else dX
    shapes = [d.model_output.last_hidden_state.shape for d in d_outputs]
    assert shapes == [OUTPUTS[i].model_output.last_hidden_state.shape for i in (1, 3)]


@pytest.mark.parametrize("exclusive_classes", [True, False])
def test_scores_gradient_is_that_of_the_cross_entropy(exclusive_classes):
    logits = MATRIX.astype("float64")
    truth = numpy.eye(WIDTH)[[0, 1, 2, 3, 0]]
    layer = scores(exclusive_classes)

    def cross_entropy(logits):
        Y = layer.predict(logits)
        others = 0.0 if exclusive_classes else ((1 - truth) * numpy.log(1 - Y)).sum()
        return -(truth * numpy.log(Y)).sum() - others

    Y, backprop = layer(logits, is_train=True)
    direction = RNG.normal(size=logits.shape)
    numeric = (cross_entropy(logits + 1e-5 * direction) - cross_entropy(logits - 1e-5 * direction)) / 2e-5
    assert (backprop(Y - truth) * direction).sum() == pytest.approx(numeric, rel=1e-6)


def test_scores_gradient_does_not_vanish_where_wrong_and_saturated():
    Y, backprop = scores(False)(numpy.array([[-15.0]]), is_train=True)
    assert backprop(Y - 1.0) == pytest.approx(-1.0, abs=1e-5)
