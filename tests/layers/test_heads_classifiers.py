from typing import get_args

import numpy
import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab
from spacy_transformers.data_classes import TransformerData
from thinc.api import Adam, Linear, Model, chain, set_dropout_rate
from thinc.types import Ragged

from spacy_hat.choices import Pooling
from spacy_hat.layers.document_classifier import document_classifier
from spacy_hat.layers.span_classifier import span_classifier

from ..support.trf_data import EMPTY, LONG, SHORT, WIDTH, listener_tok2vec, make_doc, make_spans

N_LABELS = 3
BATCHES = [[SHORT, LONG], [EMPTY, LONG], [SHORT, EMPTY, LONG], [LONG, EMPTY], [EMPTY, EMPTY]]
POOLINGS = get_args(Pooling)
POOLED = [pytest.param({"pooling": pooling}, id=pooling) for pooling in POOLINGS]


def make_docs(batch):
    return [make_doc(segments, seed=i) for i, segments in enumerate(batch)]


def randomize(model, seed=0):
    rng = numpy.random.default_rng(seed)
    for node in model.walk():
        for name in node.param_names:
            node.set_param(name, rng.normal(size=node.get_param(name).shape).astype("f"))
    return model


def bare_docs():
    return [Doc(Vocab(), words=["no", "transformer", "ran"])]


def document_head(*, tok2vec=None, exclusive_classes=True, dropout=0.0, pooling="max", seed=0):
    tok2vec = listener_tok2vec() if tok2vec is None else tok2vec
    head = document_classifier(tok2vec, pooling=pooling, exclusive_classes=exclusive_classes, dropout=dropout)
    return randomize(head.initialize(X=bare_docs(), Y=numpy.zeros((1, N_LABELS), dtype="f")), seed)


def span_head(*, tok2vec=None, exclusive_classes=True, dropout=0.0, seed=0):
    tok2vec = listener_tok2vec() if tok2vec is None else tok2vec
    head = span_classifier(tok2vec, exclusive_classes=exclusive_classes, dropout=dropout)
    X = (bare_docs(), make_spans([[0, 1], [1, 2]]))
    return randomize(head.initialize(X=X, Y=numpy.zeros((2, N_LABELS), dtype="f")), seed)


def spans_of(docs):
    return make_spans(*([[0, 1], [0, len(doc)], [1, 2]] if len(doc) else [] for doc in docs))


@pytest.mark.parametrize("make_head", [document_head, span_head])
def test_head_learns_its_sizes_without_transformer_output(make_head):
    head = make_head()
    assert head.get_dim("nO") == N_LABELS
    assert head.get_ref("output_layer").get_dim("nO") == N_LABELS
    assert head.get_ref("hidden").get_dim("nO") == WIDTH


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("batch", BATCHES)
def test_document_classifier_batched_equals_one_by_one(batch, pooling):
    head, docs = document_head(pooling=pooling), make_docs(batch)
    alone = numpy.concatenate([head.predict([doc]) for doc in docs])
    numpy.testing.assert_allclose(head.predict(docs), alone, rtol=1e-5)


@pytest.mark.parametrize("batch", BATCHES[:-1])
def test_span_classifier_batched_equals_one_by_one(batch):
    head, docs = span_head(), make_docs(batch)
    alone = numpy.concatenate([head.predict(([doc], spans_of([doc]))) for doc in docs if len(doc)])
    numpy.testing.assert_allclose(head.predict((docs, spans_of(docs))), alone, rtol=1e-5)


def test_document_classifier_permuted_documents_permute_scores():
    head, docs = document_head(), make_docs([SHORT, EMPTY, LONG])
    numpy.testing.assert_allclose(head.predict(docs[::-1]), head.predict(docs)[::-1], rtol=1e-5)


@pytest.mark.parametrize("make_head", [document_head, span_head])
@pytest.mark.parametrize("exclusive_classes", [True, False])
def test_head_scores_sum_to_one_only_if_classes_are_exclusive(make_head, exclusive_classes):
    head, docs = make_head(exclusive_classes=exclusive_classes), make_docs([SHORT, LONG])
    Y = head.predict(docs if make_head is document_head else (docs, spans_of(docs)))
    assert ((Y >= 0) & (Y <= 1)).all()
    assert numpy.allclose(Y.sum(axis=1), 1.0, atol=1e-5) is exclusive_classes


def test_document_classifier_pooling_changes_scores():
    docs = make_docs([LONG])
    assert len({document_head(pooling=pooling).predict(docs).tobytes() for pooling in POOLINGS}) == len(POOLINGS)


@pytest.mark.parametrize("make_head", [document_head, span_head])
def test_head_dropout_acts_in_training_only_and_is_the_heads_own(make_head):
    docs = make_docs([SHORT, LONG])
    X = docs if make_head is document_head else (docs, spans_of(docs))
    plain, dropping = make_head(dropout=0.0), make_head(dropout=0.9)
    set_dropout_rate(plain, 0.5)
    set_dropout_rate(dropping, 0.0)
    numpy.testing.assert_array_equal(plain(X, is_train=True)[0], plain.predict(X))
    numpy.testing.assert_array_equal(dropping.predict(X), plain.predict(X))
    assert not numpy.allclose(dropping(X, is_train=True)[0], plain.predict(X))


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_head_rejects_dropout_that_is_no_probability(dropout):
    with pytest.raises(ValueError, match=r"Got: .*Expected: at least 0\.0"):
        document_head(dropout=dropout)


def test_document_classifier_resize_output_keeps_old_rows():
    head, docs = document_head(exclusive_classes=False), make_docs([SHORT, LONG])
    before = head.predict(docs)
    head = head.attrs["resize_output"](head, N_LABELS + 2)
    after = head.predict(docs)
    numpy.testing.assert_array_equal(after[:, :N_LABELS], before)
    assert (after[:, N_LABELS:] < 0.01).all()
    assert head.get_dim("nO") == head.get_ref("output_layer").get_dim("nO") == N_LABELS + 2


def test_document_classifier_trains_on_after_resize_output():
    head, docs, sgd = document_head(exclusive_classes=False), make_docs([SHORT, LONG]), Adam(0.1)
    for n_labels in (N_LABELS, N_LABELS + 1):
        head = head.attrs["resize_output"](head, n_labels)
        for _ in range(30):
            Y, backprop = head.begin_update(docs)
            backprop(Y - numpy.eye(2, n_labels, n_labels - 2, dtype="f"))
            head.finish_update(sgd)
    numpy.testing.assert_allclose(head.predict(docs), [[0, 0, 1, 0], [0, 0, 0, 1]], atol=0.2)


def test_document_classifier_resize_output_before_initialization_sets_the_number_of_labels():
    head = document_classifier(listener_tok2vec(), exclusive_classes=True)
    head = head.attrs["resize_output"](head.attrs["resize_output"](head, 1), 2)
    head.initialize(X=bare_docs(), Y=numpy.zeros((1, 2), dtype="f"))
    assert head.predict(make_docs([SHORT])).shape == (1, 2)


@pytest.mark.parametrize("make_head", [document_head, span_head])
def test_head_bytes_round_trip_to_the_same_scores(make_head):
    docs = make_docs([SHORT, LONG])
    X = docs if make_head is document_head else (docs, spans_of(docs))
    head = make_head()
    builder = document_classifier if make_head is document_head else span_classifier
    loaded = builder(listener_tok2vec(width=None), exclusive_classes=True).from_bytes(head.to_bytes())
    numpy.testing.assert_array_equal(loaded.predict(X), head.predict(X))


def test_source_raises_on_a_document_without_transformer_output():
    with pytest.raises(
        ValueError, match=r"document 1 .*'no transformer ran'.*Got.*None.*`transformer` or `hat`.*doc_cleaner"
    ):
        document_head().predict(make_docs([SHORT]) + bare_docs())


def test_source_raises_where_no_transformer_was_ever_made():
    head, docs = document_head(), bare_docs()
    default = Doc.remove_extension("trf_data") if Doc.has_extension("trf_data") else (None,) * 4
    try:
        with pytest.raises(ValueError, match="No transformer output"):
            head.predict(docs)
    finally:
        Doc.set_extension("trf_data", default=default[0])


def test_source_lets_an_empty_document_pass_without_transformer_output():
    empty = Doc(Vocab())
    assert document_head().predict([empty, *make_docs([SHORT])]).shape == (2, N_LABELS)


def test_document_head_scores_an_empty_document_0_and_learns_nothing_from_it():
    head, empty = document_head(), Doc(Vocab())
    empty._.trf_data = TransformerData.empty()
    scores, backprop = head.begin_update([empty])
    assert not scores.any()
    backprop(head.ops.alloc2f(1, N_LABELS) + 1.0)
    assert not head.get_ref("output_layer").get_grad("b").any()


def test_source_rejects_what_is_no_transformer():
    with pytest.raises(ValueError, match=r"\[model.tok2vec\].*'linear>>linear'.*TransformerListener"):
        document_classifier(chain(Linear(), Linear()), exclusive_classes=True)


def test_source_raises_at_initialization_without_a_width():
    head = document_classifier(listener_tok2vec(width=None), exclusive_classes=True)
    with pytest.raises(ValueError, match=r"does not know its width.*earlier in the pipeline"):
        head.initialize(X=bare_docs(), Y=numpy.zeros((1, 2), dtype="f"))


def gradients_handed_upstream(grad_factor):
    docs, received = make_docs([EMPTY, LONG]), []
    tok2vec = listener_tok2vec(grad_factor=grad_factor)
    listener = tok2vec.layers[0]
    head = document_head(tok2vec=tok2vec)
    listener.receive(listener.get_batch_id(docs), [doc._.trf_data for doc in docs], lambda d: received.extend(d))
    Y, backprop = head.begin_update(docs)
    backprop(numpy.ones_like(Y))
    return received


def test_source_scales_gradients_by_grad_factor():
    (whole,), (half,) = gradients_handed_upstream(1.0), gradients_handed_upstream(0.5)
    assert whole.model_output.last_hidden_state.any()
    numpy.testing.assert_allclose(
        half.model_output.last_hidden_state, whole.model_output.last_hidden_state / 2, rtol=1e-6
    )


def test_source_does_not_bother_the_encoder_with_a_batch_without_output():
    docs = make_docs([EMPTY, EMPTY])
    tok2vec = listener_tok2vec()
    head = document_head(tok2vec=tok2vec)
    listener = tok2vec.layers[0]

    def fail(d_outputs):
        raise AssertionError("stock transformers raise on an empty list of gradients")

    listener.receive(listener.get_batch_id(docs), [doc._.trf_data for doc in docs], fail)
    Y, backprop = head.begin_update(docs)
    assert backprop(Y) == []


def test_source_is_a_node_that_holds_the_listener():
    tok2vec = listener_tok2vec()
    assert tok2vec.layers[0] in document_head(tok2vec=tok2vec).walk()


def test_span_classifier_takes_suggesters_data_of_no_spans():
    spans = Ragged(numpy.zeros((0, 0), dtype="i"), numpy.zeros(2, dtype="i"))
    assert span_head().predict((make_docs([SHORT, LONG]), spans)).shape == (0, N_LABELS)


def test_span_classifier_cannot_be_resized():
    # spancat never calls it; where it is missing, spancat raises on a label added too late
    head: Model = span_head()
    assert "resize_output" not in head.attrs


def test_span_head_is_initialized_without_documents_if_its_labels_are_known():
    head = span_classifier(listener_tok2vec(), exclusive_classes=True, dropout=0.0, nO=N_LABELS).initialize()
    assert head.get_ref("output_layer").get_param("W").shape == (N_LABELS, WIDTH)
