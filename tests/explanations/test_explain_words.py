"""What words say beside the encoder, in an explanation, on the page and on the terminal."""

import numpy
import pytest

import spacy_hat
from spacy_hat.explanations.page import render
from spacy_hat.layers.document_ensemble import both_logits, set_weights

from ..support.explained import TEXT, pipeline
from ..support.pipelines import make_nlp

HEADS = ["ensemble", "ensemble_multilabel"]


@pytest.fixture(scope="module")
def nlp(hat_folder):
    return pipeline(hat_folder, *HEADS)


@pytest.mark.parametrize("head", HEADS)
def test_explain_words_add_up_to_the_log_odds(nlp, head):
    doc = nlp(TEXT)
    model = nlp.get_pipe(head).model
    set_weights(model, 0.0, 2.0)
    explanation = spacy_hat.explain(nlp, doc, component=head)
    column = nlp.get_pipe(head).labels.index(explanation.label)
    logits = 2.0 * (both_logits(model, [doc])[1][0] - model.layers[2].shims[0].table.bias)
    expected = logits[column] - (logits.mean() if head == "ensemble" else 0)
    assert len(explanation.words) < 100
    assert sum(word.score for word in explanation.words) == pytest.approx(float(expected), abs=1e-4)


def test_explain_words_are_counted_and_ranked(nlp):
    explanation = spacy_hat.explain(nlp, nlp("The court, the court. The court held that."), component="ensemble")
    counts = {word.text: word.count for word in explanation.words}
    assert counts["the court"] == 3
    said = [word.score for word in explanation.words]
    assert said == sorted(said, reverse=True)
    assert explanation.words_for(1)[0].score == max(said)
    assert explanation.words_against(1)[0].score == min(said)


def test_explain_words_are_none_for_a_head_without_them(hat_folder):
    nlp = pipeline(hat_folder, "textcat")
    explanation = spacy_hat.explain(nlp, nlp(TEXT))
    assert explanation.words is None
    assert "words" not in explanation.to_dict()
    assert explanation.words_for() == []


def test_explain_words_of_a_bag_that_learned_nothing_are_none_at_all(hat_folder):
    nlp = make_nlp(hat_folder, "ensemble")
    nlp.get_pipe("ensemble").add_label("A")
    nlp.get_pipe("ensemble").add_label("B")
    nlp.initialize()
    explanation = spacy_hat.explain(nlp, nlp(TEXT))
    assert explanation.words == []
    assert numpy.isfinite(explanation.scores).all()


def test_explain_words_stand_in_json_and_on_the_page(nlp):
    explanation = spacy_hat.explain(nlp, nlp(TEXT), component="ensemble")
    strongest = explanation.words_for(1)[0]
    assert explanation.to_dict()["words"][0] == {
        "text": strongest.text,
        "count": strongest.count,
        "score": strongest.score,
    }
    assert f'"words": [["{strongest.text}"' in render(explanation, page=True)


@pytest.mark.parametrize("method", ["gradient", "occlusion"])
def test_explain_probability_is_that_of_both(nlp, method):
    doc = nlp(TEXT)
    explanation = spacy_hat.explain(nlp, doc, component="ensemble_multilabel", method=method)
    assert explanation.probability == pytest.approx(doc.cats[explanation.label], abs=1e-5)
