"""What is checked of heads before training: silence where all is well, once where it is not, and no trace."""

import warnings

import pytest
from spacy.language import Language

from spacy_hat.pipeline.head_checks import check_heads

from ..support.pipelines import make_examples, make_nlp
from ..support.workshop import start
from .training import NGRAMS, spancat, textcat, two_sentences, without_full_stop


def warned(act):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    return [str(warning.message) for warning in caught if "omponent '" in str(warning.message)]


@pytest.mark.parametrize(
    "act",
    [
        textcat,
        spancat,
        lambda w: spancat(w, labels=["WON", "LOST"]),
        lambda w: spancat(w, annotate=two_sentences, suggester=NGRAMS),
        lambda w: start(w.sound_hat, "stock_spancat", "ner", "textcat_multilabel"),
    ],
    ids=["textcat", "spancat", "labels given", "a suggester that is not ours", "other components"],
)
def test_check_of_heads_says_nothing_of_what_is_right(act, workshop):
    assert warned(lambda: act(workshop)) == []


def test_check_of_heads_says_nothing_of_the_document_that_spacy_makes_up(workshop):
    nlp = make_nlp(workshop.sound_hat, "textcat", "spancat")
    for component in ("textcat", "spancat"):
        for label in ("A", "B"):
            nlp.get_pipe(component).add_label(label)
    assert warned(nlp.initialize) == []


def test_check_of_heads_warns_once_in_a_training_run(workshop):
    assert len(warned(lambda: spancat(workshop, annotate=without_full_stop))) == 1


def test_check_of_heads_leaves_the_documents_as_they_are(workshop):
    nlp = make_nlp(workshop.sound_hat, "spancat")
    examples = make_examples(nlp)
    check_heads(nlp, lambda: examples)
    assert not any(example.predicted.has_annotation("SENT_START") for example in examples)


def test_check_of_heads_takes_sentences_of_a_component_that_annotates(workshop):
    nlp = make_nlp(workshop.sound_hat, "spancat", sentencizer=False)
    Language.component("tests_splitter", func=nlp.create_pipe("sentencizer").__call__)
    nlp.add_pipe("tests_splitter", name="splits", first=True)
    examples = make_examples(nlp)
    for example in examples:
        without_full_stop(example)
    assert warned(lambda: check_heads(nlp, lambda: examples)) == []  # it does not say that it sets sentences
    nlp.config["training"]["annotating_components"] = ["splits"]
    (message,) = warned(lambda: check_heads(nlp, lambda: examples))
    assert "12 of 12" in message
