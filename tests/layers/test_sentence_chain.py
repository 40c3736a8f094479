import numpy
import pytest
import torch
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import set_dropout_rate
from thinc.types import Ragged

from spacy_hat.layers.recurrent import recurrent
from spacy_hat.layers.sentence_chain import sentence_chain, with_chain
from spacy_hat.layers.span_classifier import span_classifier
from spacy_hat.layers.span_sequences import span_sequences

from ..support.finite_differences import assert_gradients
from ..support.trf_data import EMPTY, LONG, SHORT, WIDTH, listener_tok2vec, make_doc, make_output, make_spans

N_LABELS = 3
RNG = numpy.random.default_rng(0)
BATCHES = [[SHORT, LONG], [EMPTY, LONG], [SHORT, EMPTY, LONG], [LONG, LONG, SHORT], [EMPTY, EMPTY]]


def randomize(model, seed=0):
    rng = numpy.random.default_rng(seed)
    for node in model.walk():
        for name in node.param_names:
            node.set_param(name, rng.normal(size=node.get_param(name).shape).astype("f"))
    return model


def make_head(**settings):
    head = sentence_chain(listener_tok2vec(), **{"dropout": 0.0, **settings})
    bare = [Doc(Vocab(), words=["no", "transformer", "ran"])]
    return randomize(head.initialize(X=(bare, make_spans([[0, 1]])), Y=numpy.zeros((1, N_LABELS), dtype="f")))


def make_docs(batch):
    return [make_doc(segments, seed=i) for i, segments in enumerate(batch)]


def spans_of(docs):
    return make_spans(*([[i, i + 1] for i in range(len(doc))] for doc in docs))


def test_sentence_chain_learns_its_sizes_without_transformer_output():
    head = make_head(recurrent_width=5)
    assert head.get_dim("nO") == head.get_ref("linear_chain").get_dim("nO") == N_LABELS
    assert head.get_ref("hidden").get_dim("nO") == WIDTH
    assert head.get_ref("hidden").get_dim("nI") == 10


@pytest.mark.parametrize("recurrent_width", [0, 5])
@pytest.mark.parametrize("batch", BATCHES)
def test_sentence_chain_batched_equals_one_by_one(batch, recurrent_width):
    head, docs = make_head(recurrent_width=recurrent_width), make_docs(batch)
    alone = numpy.concatenate([head.predict(([doc], spans_of([doc]))) for doc in docs])
    numpy.testing.assert_allclose(head.predict((docs, spans_of(docs))), alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("settings", [{"recurrent_width": 5}, {"dropout": 0.5}], ids=str)
def test_sentence_chain_settings_change_scores(settings):
    docs = make_docs([LONG])
    X = (docs, spans_of(docs))
    assert not numpy.allclose(make_head(**settings)(X, is_train=True)[0], make_head()(X, is_train=True)[0])


def test_sentence_chain_dropout_is_the_heads_own():
    docs = make_docs([LONG])
    X = (docs, spans_of(docs))
    head = make_head()
    set_dropout_rate(head, 0.5)
    numpy.testing.assert_array_equal(head(X, is_train=True)[0], head.predict(X))


def test_sentence_chain_label_depends_on_those_around_it():
    docs = make_docs([LONG])
    head = make_head()
    together = head.predict((docs, spans_of(docs)))
    alone = head.predict((docs, make_spans([[1, 2]])))
    assert not numpy.allclose(together[1], alone[0])


@pytest.mark.parametrize("recurrent_width", [0, 5])
def test_sentence_chain_bytes_round_trip_to_the_same_scores(recurrent_width):
    docs = make_docs([SHORT, LONG])
    head = make_head(recurrent_width=recurrent_width)
    loaded = sentence_chain(listener_tok2vec(width=None), recurrent_width=recurrent_width).from_bytes(head.to_bytes())
    X = (docs, spans_of(docs))
    numpy.testing.assert_array_equal(loaded.predict(X), head.predict(X))


@pytest.mark.parametrize(
    ("spans", "said"),
    [([[0, 3], [2, 5]], "tokens 0 to 3, and then tokens 2 to 5"), ([[3, 4], [0, 2]], "tokens 3 to 4, and then")],
    ids=["overlapping", "out of order"],
)
def test_sentence_chain_refuses_spans_that_do_not_follow_each_other(spans, said):
    with pytest.raises(ValueError, match=rf"follow each other.*document 1 of the batch.*{said}.*SpanClassifier"):
        make_head().predict((make_docs([SHORT, LONG]), make_spans([[0, 1]], spans)))


def test_sentence_chain_refuses_tokens_that_the_encoder_did_not_see():
    doc = make_doc(LONG)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
    with pytest.raises(ValueError, match="changed after the encoder had read it"):
        make_head().predict(([doc], spans_of([doc])))


def test_sentence_chain_takes_spans_of_one_document_after_those_of_another():
    assert make_head().predict((make_docs([LONG, SHORT]), make_spans([[3, 5]], [[0, 1]]))).shape == (2, N_LABELS)


def test_sentence_chain_takes_suggesters_data_of_no_spans():
    spans = Ragged(numpy.zeros((0, 0), dtype="i"), numpy.zeros(2, dtype="i"))
    assert make_head(recurrent_width=5).predict((make_docs([SHORT, LONG]), spans)).shape == (0, N_LABELS)


def test_sentence_chain_cannot_be_resized():
    assert "resize_output" not in make_head().attrs


def test_sentence_chain_refuses_documents_without_spans():
    head = sentence_chain(listener_tok2vec())
    with pytest.raises(ValueError, match=r"SentenceChain.v1 labels spans.*`spancat_singlelabel`.*DocumentClassifier"):
        head.initialize(X=make_docs([SHORT]))


def test_recurrent_gradients_equal_finite_differences():
    X = Ragged(RNG.normal(size=(6, WIDTH)).astype("f"), numpy.array([0, 3, 0, 1, 2, 0], dtype="i"))
    assert_gradients(randomize(recurrent(3).initialize(X=X), seed=4), X)


def test_span_sequences_gradients_equal_finite_differences():
    outputs = [make_output(segments, seed=i) for i, segments in enumerate([EMPTY, LONG, SHORT])]
    X = (outputs, make_spans([], [[0, 3], [3, 5]], [[0, 2]]))
    assert_gradients(span_sequences().initialize(X=([make_output(SHORT)], X[1])), X)


def test_recurrent_equals_pytorchs():
    import torch

    X = Ragged(RNG.normal(size=(5, WIDTH)).astype("f"), numpy.array([2, 3], dtype="i"))
    layer = randomize(recurrent(3).initialize(X=X))
    lstm = torch.nn.LSTM(WIDTH, 3, bidirectional=True, batch_first=True)
    for name, value in zip(layer.param_names, lstm.parameters(), strict=True):
        value.data = torch.from_numpy(layer.get_param(name))
    wanted = torch.cat([lstm(torch.from_numpy(X.dataXd[rows])[None])[0][0] for rows in (slice(0, 2), slice(2, 5))])
    numpy.testing.assert_allclose(layer.predict(X).dataXd, wanted.detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("width", [-1, -256])
def test_recurrent_rejects_a_width_that_is_not_positive(width):
    with pytest.raises(ValueError, match=r"Got: -.*positive number.*recurrent_width"):
        make_head(recurrent_width=width)


def test_recurrent_layer_of_no_units_gives_none():
    layer = recurrent(5).initialize(X=Ragged(numpy.zeros((2, WIDTH), dtype="f"), numpy.array([2], dtype="i")))
    nothing = Ragged(numpy.zeros((0, WIDTH), dtype="f"), numpy.array([0, 0], dtype="i"))
    assert layer.predict(nothing).dataXd.shape == (0, 10)


def test_with_chain_starts_with_the_scores_of_the_head():
    docs = make_docs([SHORT, LONG])
    X = (docs, spans_of(docs))
    head = span_classifier(listener_tok2vec(), exclusive_classes=True, dropout=0.0)
    randomize(head.initialize(X=X, Y=numpy.zeros((len(X[1].dataXd), N_LABELS), dtype="f")))
    numpy.testing.assert_allclose(with_chain(head).predict(X), head.predict(X), rtol=1e-5, atol=1e-6)


def recurrent_input():
    rows = RNG.normal(size=(6, 4)).astype("f")
    layer = recurrent(width=3).initialize(X=Ragged(rows, numpy.array([4, 2], dtype="i")))
    return layer, Ragged(rows, numpy.array([4, 2], dtype="i"))


@pytest.mark.parametrize("is_train", [False, True])
def test_recurrent_tells_torch_whether_it_trains(monkeypatch, is_train):
    """On a GPU, cuDNN has no backward pass for what did not run in training."""
    told = []
    lstm = torch.lstm
    monkeypatch.setattr(torch, "lstm", lambda *args: told.append(args[-2]) or lstm(*args))
    layer, X = recurrent_input()
    layer(X, is_train)
    assert told == [is_train]


def test_recurrent_stays_on_the_device_of_its_input(monkeypatch):
    """thinc's current device is that of a thread, and another thread may predict."""
    layer, X = recurrent_input()
    expected = layer.predict(X).dataXd
    monkeypatch.setattr("thinc.util.get_torch_default_device", lambda: torch.device("meta"))
    numpy.testing.assert_array_equal(layer.predict(X).dataXd, expected)
