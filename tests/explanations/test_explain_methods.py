"""Gradient times input, attention, what an explanation holds, and what cannot be explained."""

import numpy as np
import pytest
import spacy
import torch
from spacy import displacy
from spacy.tokens import Doc

import spacy_hat
from spacy_hat.explanations import METHODS, methods
from spacy_hat.explanations.encoded import EncodedDocument
from spacy_hat.explanations.gradient import gradient_times_input, log_odds_gradient
from spacy_hat.explanations.question import find_decision

from ..support.explained import TEXT, find_span, make_random, pipeline
from ..support.pipelines import document_head, encoder_of, initialize, make_nlp, save_hat, step


@pytest.fixture(scope="module")
def nlp(hat_folder):
    return pipeline(hat_folder, "textcat", "textcat_multilabel", "spancat", "spancat_singlelabel")


def log_odds(nlp, head, doc, span, label, embed):
    """The log-odds of a label, in float64, when each vector below the first block is what `embed` makes of it."""
    encoder = encoder_of(nlp)
    hook = encoder.embeddings.register_forward_hook(lambda module, inputs, output: embed(output))
    try:
        doc = nlp.get_pipe("transformer")(doc)
        component = nlp.get_pipe(head)
        if span is None:
            scores = component.model.predict([doc])[0]
        else:
            spans = component.suggester([doc], ops=component.model.ops)
            scores = component.model.predict(([doc], spans))[spans.dataXd[:, 0].tolist().index(span.start)]
    finally:
        hook.remove()
    p = float(scores[component.labels.index(label)])
    return np.log(p) - np.log1p(-p)


def smooth(folder, head, **settings):
    """A pipeline whose head pools by the mean, as maximum pooling has kinks that a finite step falls over."""
    if head.startswith("spancat"):
        return pipeline(folder, head, **settings)
    nlp = make_nlp(folder, **settings)
    nlp.add_pipe(head, config={"model": document_head(head == "textcat", pooling="mean")})
    initialize(nlp)
    return make_random(nlp, head)


@pytest.mark.parametrize("output", ["pieces", "segments"])
@pytest.mark.parametrize("head", ["textcat", "textcat_multilabel", "spancat", "spancat_singlelabel"])
def test_explain_gradient_is_the_slope_when_a_sentence_grows(monkeypatch, hat_folder, head, output):
    # One of several equal segments grows: they may not be encoded as one.
    monkeypatch.setattr("spacy_hat.modeling.model.find_repeats", lambda inputs: None)
    nlp = smooth(hat_folder, head, output=output)
    doc = nlp(TEXT)
    span = find_span(doc, head)
    label = nlp.get_pipe(head).labels[0]
    decision = find_decision(nlp, doc, component=head, span=span)
    document = decision.head.read(doc, decision.sentence_starts())
    column = [decision.column(label)]
    encoded = EncodedDocument(decision.head, document)
    (relevance,) = gradient_times_input(encoded, decision.asked(), column, print)
    slopes = document.sums(relevance)
    for sentence in range(document.n_sentences):
        rows = torch.from_numpy(document.row_sentences == sentence)[:, None]
        ends = [
            log_odds(nlp, head, doc, span, label, lambda x, by=by, rows=rows: x * (1 + by * rows))
            for by in (0.01, -0.01)
        ]
        assert slopes[sentence] == pytest.approx((ends[0] - ends[1]) / 0.02, rel=0.02, abs=1e-3)
    assert abs(slopes).max() > 0.01
    found = spacy_hat.explain(nlp, doc, label, component=head, span=span, method="gradient")
    np.testing.assert_allclose(found.scores, document.sums(abs(relevance)), rtol=1e-4)


@pytest.mark.parametrize("max_segments", [1, 2, 60])
def test_explain_gradient_reads_every_window(tmp_path, max_segments):
    nlp = pipeline(save_hat(tmp_path, max_segments=max_segments), "textcat")
    explanation = spacy_hat.explain(nlp, TEXT, "ALLOWED", method="gradient")
    assert (explanation.scores != 0).sum() > 3


def test_explain_gradient_passes_frozen_blocks(tmp_path, hat_folder):
    scores = []
    for frozen in (0, 2):
        nlp = pipeline(save_hat(tmp_path, frozen_blocks=frozen), "textcat")
        scores.append(spacy_hat.explain(nlp, TEXT, "ALLOWED", method="gradient").scores)
    np.testing.assert_allclose(*scores, atol=1e-5)
    assert abs(scores[0]).max() > 0


@pytest.mark.parametrize("method", METHODS)
def test_explain_leaves_gradients_and_training_alone(hat_folder, method):
    losses = []
    for asks in (False, True):
        nlp = make_nlp(hat_folder, "textcat")
        examples = initialize(nlp)
        sgd = nlp.create_optimizer()
        losses.append([])
        for _ in range(3):
            losses[-1].append(step(nlp, examples, sgd)["textcat"])
            if asks and method != "attention":
                spacy_hat.explain(nlp, TEXT, "ALLOWED", method=method)
        head = nlp.get_pipe("textcat").model
        kept = [node.get_grad(name) for node in head.walk() for name in node.grad_names if node.has_grad(name)]
        assert not any(gradient.any() for gradient in kept)
        assert all(parameter.grad is None or not parameter.grad.any() for parameter in encoder_of(nlp).parameters())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.parametrize("exclusive", [True, False])
def test_explain_log_odds_gradient_is_that_of_finite_differences(exclusive):
    logits = np.array([0.3, -1.2, 2.0])

    def odds(logits):
        e = np.exp(logits)
        p = e / e.sum() if exclusive else e / (1 + e)
        return np.log(p[2]) - np.log1p(-p[2])

    e = np.exp(logits)
    scores = (e / e.sum() if exclusive else e / (1 + e)).astype("float32")
    steps = np.eye(3) * 1e-4
    slopes = [(odds(logits + by) - odds(logits - by)) / 2e-4 for by in steps]
    np.testing.assert_allclose(log_odds_gradient(scores, 2, exclusive), slopes, atol=1e-4)


def attentive(folder):
    nlp = make_nlp(folder, packing="greedy")
    nlp.add_pipe("textcat", config={"model": document_head(pooling="attentive")})
    initialize(nlp)
    return make_random(nlp, "textcat")


def test_explain_attention_shares_out_the_weights_of_segments(hat_folder):
    nlp = attentive(hat_folder)
    doc = nlp(TEXT)
    explanations = spacy_hat.explain_labels(nlp, doc, method="attention")
    np.testing.assert_array_equal(explanations[0].scores, explanations[1].scores)
    scores = explanations[0].scores
    assert scores.sum() == pytest.approx(1, abs=1e-5)
    # By hand, from the head's own formula.
    pooling = next(node for node in nlp.get_pipe("textcat").model.walk() if node.name == "attentive_pooling")
    z = doc._.trf_data.model_output.last_hidden_state[:, 0]
    s = np.tanh((z @ pooling.get_param("W").T + pooling.get_param("b")) @ pooling.get_param("v"))
    weights = np.exp(s) / np.exp(s).sum()
    decision = find_decision(nlp, doc, component=None, span=None)
    document = decision.head.read(doc, decision.sentence_starts())
    by_hand = np.zeros(document.n_sentences)
    for segment, weight in enumerate(weights):
        rows = [r for r in range(len(document.row_segments)) if document.row_segments[r] == segment][1:]
        for row in rows:
            by_hand[document.row_sentences[row]] += weight / len(rows)
    np.testing.assert_allclose(scores, by_hand, atol=1e-5)


def test_explain_gives_each_sentence_a_score(nlp):
    doc = nlp(TEXT)
    explanation = spacy_hat.explain(nlp, doc, "ALLOWED", component="textcat")
    assert explanation.sentences == list(doc.sents)
    assert len(explanation.scores) == len(explanation.sentences)
    assert (explanation.label, explanation.method, explanation.component) == ("ALLOWED", "occlusion", "textcat")
    ranked = [score for _, score in explanation.ranked()]
    assert ranked == sorted(explanation.scores.tolist(), reverse=True)
    assert [x["score"] for x in explanation.to_dict()["sentences"]] == explanation.scores.tolist()


@pytest.mark.parametrize("top", [2, 100, None])
def test_explain_writes_evidence_as_spancat_does(nlp, top):
    doc = nlp(TEXT)
    explanation = spacy_hat.explain(nlp, doc, "ALLOWED", component="textcat", top=top)
    spans = doc.spans["hat_evidence"]
    expected = explanation.scores
    if top is not None:
        strongest = set(np.argsort(-expected)[:top].tolist())
        expected = [score for place, score in enumerate(expected) if place in strongest and score > 0]
    assert spans.attrs["scores"].tolist() == pytest.approx(list(expected))
    assert {span.label_ for span in spans} == {"ALLOWED"}
    assert [span.start for span in spans] == sorted(span.start for span in spans)
    assert "ALLOWED" in displacy.render(doc, style="span", options={"spans_key": "hat_evidence"}, jupyter=False)
    again = Doc(doc.vocab).from_bytes(doc.to_bytes(exclude=["user_data"]))
    assert again.spans["hat_evidence"].attrs["scores"].tolist() == spans.attrs["scores"].tolist()


def test_explain_labels_come_by_probability_and_leave_spans_alone(nlp):
    doc = nlp(TEXT)
    done = []
    explanations = spacy_hat.explain_labels(nlp, doc, component="textcat", on_progress=done.append)
    probabilities = [explanation.probability for explanation in explanations]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(done) == len(list(doc.sents))
    assert "hat_evidence" not in doc.spans


def test_explain_takes_a_text(nlp):
    one = spacy_hat.explain(nlp, TEXT, "ALLOWED", component="textcat")
    other = spacy_hat.explain(nlp, nlp(TEXT), "ALLOWED", component="textcat")
    np.testing.assert_array_equal(one.scores, other.scores)


def test_explain_asks_a_disabled_component(nlp):
    with nlp.select_pipes(disable=["textcat"]):
        assert spacy_hat.explain(nlp, TEXT, "ALLOWED", component="textcat").scores.any()


def test_explain_chooses_by_label_and_by_span(hat_folder):
    nlp = pipeline(hat_folder, "textcat", "spancat")
    doc = nlp(TEXT)
    assert spacy_hat.explain(nlp, doc, "ALLOWED").component == "textcat"
    assert spacy_hat.explain(nlp, doc, "WON", span=next(doc.sents)).component == "spancat"


def test_explain_reads_the_encoder_of_the_stock_factory(hat_folder):
    assert spacy_hat.explain(pipeline(hat_folder, "textcat", factory="transformer"), TEXT, "ALLOWED").scores.any()


def stock(folder):
    nlp = make_nlp(folder, "stock_textcat")
    initialize(nlp)
    return nlp


def other_doc(nlp):
    return next(nlp(TEXT).sents)


NO_SENTENCES = Doc(spacy.blank("en").vocab, words=["hello", "world"])
ERRORS = {
    "no classifier of documents": (
        lambda n, f: spacy_hat.explain(make_nlp(f), nlp_doc(n), "ALLOWED"),
        "no document classifier to explain.*`textcat`",
    ),
    "no classifier of spans": (
        lambda n, f: spacy_hat.explain(make_nlp(f), nlp_doc(n), "WON", span=next(nlp_doc(n).sents)),
        "no span classifier to explain.*`spancat`",
    ),
    "several classifiers": (
        lambda n, f: spacy_hat.explain(n, TEXT, "ALLOWED"),
        "Several components classify documents: textcat, textcat_multilabel.*`component`",
    ),
    "an unknown label": (
        lambda n, f: spacy_hat.explain(n, TEXT, "GUILTY", component="textcat"),
        "'textcat' has no label 'GUILTY'.*ALLOWED",
    ),
    "an unknown component": (
        lambda n, f: spacy_hat.explain(n, TEXT, "ALLOWED", component="ner"),
        "no component 'ner'.*textcat",
    ),
    "a component that is not a classifier": (
        lambda n, f: spacy_hat.explain(n, TEXT, "ALLOWED", component="sentencizer"),
        "'sentencizer' cannot be explained.*DocumentClassifier",
    ),
    "a stock classifier": (
        lambda n, f: spacy_hat.explain(stock(f), TEXT, "ALLOWED"),
        "'stock_textcat' cannot be explained.*spacy-hat.DocumentClassifier.v1",
    ),
    "a span categorizer without a span": (
        lambda n, f: spacy_hat.explain(n, TEXT, "WON", component="spancat"),
        "'spancat' labels spans.*span=span",
    ),
    "a text categorizer with a span": (
        lambda n, f: spacy_hat.explain(n, d := nlp_doc(n), "ALLOWED", component="textcat", span=next(d.sents)),
        "'textcat' labels documents.*Leave `span` out",
    ),
    "a span of another document": (
        lambda n, f: spacy_hat.explain(n, TEXT, "WON", component="spancat", span=other_doc(n)),
        "is of another document",
    ),
    "an empty document": (lambda n, f: spacy_hat.explain(n, "", "ALLOWED", component="textcat"), "empty.*0 tokens"),
    "a document of spaces": (lambda n, f: spacy_hat.explain(n, " \n", "ALLOWED", component="textcat"), "only spaces"),
    "no sentences": (
        lambda n, f: spacy_hat.explain(n, NO_SENTENCES, "ALLOWED", component="textcat"),
        "'hello world'.*no sentence boundaries.*`sentencizer`",
    ),
    "attention without attentive pooling": (
        lambda n, f: spacy_hat.explain(n, TEXT, "ALLOWED", component="textcat", method="attention"),
        'no attention weights.*pooling = "attentive"',
    ),
    "attention of a span head": (
        lambda n, f: spacy_hat.explain(
            n, d := nlp_doc(n), "WON", component="spancat", span=next(d.sents), method="attention"
        ),
        "no attention weights",
    ),
    "an unknown method": (
        lambda n, f: spacy_hat.explain(n, TEXT, "ALLOWED", component="textcat", method="lime"),
        "Unknown method 'lime'.*occlusion",
    ),
}


def nlp_doc(nlp):
    return nlp(TEXT)


@pytest.mark.parametrize("mistake", ERRORS)
def test_explain_says_what_cannot_be_explained(nlp, hat_folder, mistake):
    ask, message = ERRORS[mistake]
    with pytest.raises(ValueError, match=f"(?s){message}"):
        ask(nlp, hat_folder)


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_explain_encodes_the_document_once(nlp, monkeypatch, method):
    made = []
    build = methods.EncodedDocument
    monkeypatch.setattr(methods, "EncodedDocument", lambda *parts: made.append(build(*parts)) or made[-1])
    spacy_hat.explain_labels(nlp, nlp(TEXT), component="textcat", method=method)
    assert len(made) == 1


CHAIN_QUESTIONS = {
    "by gradients": (lambda doc: {"span": list(doc.sents)[1], "method": "gradient"}, "gradient of its loss.*occlusion"),
    "by attention": (lambda doc: {"span": list(doc.sents)[1], "method": "attention"}, "no attention weights"),
    "of half a sentence": (lambda doc: {"span": doc[0:2]}, "is not one of them. Expected: one of the [0-9]+ that"),
    "of two sentences": (lambda doc: {"span": doc[0 : list(doc.sents)[1].end]}, "is not one of them"),
}


@pytest.mark.parametrize("question", CHAIN_QUESTIONS)
def test_explain_says_what_it_cannot_tell_of_a_chain(hat_folder, question):
    ask, message = CHAIN_QUESTIONS[question]
    nlp = pipeline(hat_folder, "sentence_chain")
    doc = nlp(TEXT)
    with pytest.raises(ValueError, match=message):
        spacy_hat.explain(nlp, doc, component="sentence_chain", **ask(doc))
