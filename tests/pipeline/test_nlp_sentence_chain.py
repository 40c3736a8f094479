"""SentenceChain.v1 in a pipeline: what it learns of neighbours, and what it is not for."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Span
from spacy.training import Example

from spacy_hat.pipeline.transitions import transitions

from ..support.pipelines import SENTENCES, chain_head, make_examples, make_nlp, save_hat, span_head, train


@pytest.fixture(scope="module")
def hat_folder(tmp_path_factory):
    """An encoder whose segments know nothing of each other: nothing but the head can tell where a sentence stands."""
    return save_hat(tmp_path_factory.mktemp("hat"), layout="S|S")


SENTENCE = "we read whole documents."


def cycle(nlp, n_sentences, start):
    """The same sentence again and again: label by its place alone, A, B, C, A, ... A third of them have none."""
    doc = nlp.make_doc(" ".join([SENTENCE] * n_sentences))
    length = len(doc) // n_sentences
    labels = ["A", "B", None]
    named = [(place * length, labels[(start + place) % 3]) for place in range(n_sentences)]
    doc.spans["sc"] = [Span(doc, first, first + length, label) for first, label in named if label]
    return Example(nlp.make_doc(doc.text), doc)


def train_on_cycles(hat_folder, model, **component):
    nlp = make_nlp(hat_folder, packing="sentences", transformer_config={"frozen_blocks": 2})
    settings = {"model": model, "suggester": SENTENCES, "spans_key": "sc", **component}
    nlp.add_pipe("spancat_singlelabel", config=settings)
    examples = [cycle(nlp, n_sentences, 0) for n_sentences in (1, 3, 4, 6)]
    nlp.initialize(lambda: examples)
    train(nlp, examples, 80)
    return nlp, nlp.evaluate([cycle(nlp, 5, 0)])["spans_sc_f"]


def test_nlp_sentence_chain_learns_which_label_follows_which(hat_folder):
    nlp, score = train_on_cycles(hat_folder, chain_head())
    assert score == 1.0
    found = transitions(nlp.get_pipe("spancat_singlelabel"))
    assert found.labels == ("A", "B", "no label")
    assert found.follows.argmax(axis=1).tolist() == [1, 2, 0]
    assert found.first.argmax() == 0
    assert next(iter(found.after("A"))) == "B"


def test_transitions_are_those_of_a_chain_only(hat_folder):
    nlp = make_nlp(hat_folder, "spancat_singlelabel")
    with pytest.raises(ValueError, match=r"no chain.*'span_classifier'.*SentenceChain.v1.*calibrate"):
        transitions(nlp.get_pipe("spancat_singlelabel"))


def test_nlp_sentence_chain_scores_are_marginals(hat_folder):
    nlp, _ = train_on_cycles(hat_folder, chain_head())
    scores = nlp(" ".join([SENTENCE] * 5)).spans["sc"].attrs["scores"]
    assert ((scores > 0.5) & (scores <= 1.0)).all()


def test_nlp_sentence_chain_learns_with_sentences_that_count_less(hat_folder):
    _, score = train_on_cycles(hat_folder, chain_head(), negative_weight=0.3)
    assert score == 1.0


def test_nlp_sentence_chain_learns_with_a_recurrent_layer(hat_folder, tmp_path):
    nlp, score = train_on_cycles(hat_folder, chain_head(recurrent_width=8))
    assert score == 1.0
    nlp.to_disk(tmp_path)
    text = " ".join([SENTENCE] * 5)
    found, wanted = (made(text).spans["sc"].attrs["scores"] for made in (spacy.load(tmp_path), nlp))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_nlp_sentence_chain_is_not_for_spancat(hat_folder):
    nlp = make_nlp(hat_folder)
    nlp.add_pipe("spancat", config={"model": chain_head(), "suggester": SENTENCES, "spans_key": "spancat"})
    with pytest.raises(ValueError, match=r"'spancat' gives any number of labels.*exclusive_classes = true"):
        nlp.initialize(lambda: make_examples(nlp))


def test_nlp_span_classifier_cannot_tell_the_place_of_a_sentence_that_knows_no_others(hat_folder):
    # What the tests above show is the chain's doing.
    _, score = train_on_cycles(hat_folder, span_head(True))
    assert score < 0.9
