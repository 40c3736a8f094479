"""Counting a chain and weighing it: what comes out, that dev never gets worse, and that pipelines keep it."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_hat.training.calibrate import calibrate, head_to_calibrate
from spacy_hat.training.label_sequences import LabelSequences, ScoredSequences
from spacy_hat.training.weighing import Weighing, best_weighing, count_chain, log_frequencies, quality, weighed_scores

from ..support.pipelines import SENTENCES, chain_head, make_examples, make_nlp, save_hat, span_head, train

SENTENCE = "we read whole documents."
# A, B, none, A, B, none, ...
LABELS = ["A", "B", None]


@pytest.fixture(scope="module")
def hat(tmp_path_factory):
    """An encoder whose segments know nothing of each other."""
    return save_hat(tmp_path_factory.mktemp("hat"), layout="S|S")


def cycle(nlp, n_sentences):
    """One sentence again and again, labelled by its place."""
    doc = nlp.make_doc(" ".join([SENTENCE] * n_sentences))
    length = len(doc) // n_sentences
    named = [(place * length, LABELS[place % 3]) for place in range(n_sentences)]
    doc.spans["sc"] = [Span(doc, first, first + length, label) for first, label in named if label]
    return Example(nlp.make_doc(doc.text), doc)


def make_trained(hat, model, **component):
    nlp = make_nlp(hat, packing="sentences", transformer_config={"frozen_blocks": 2})
    nlp.add_pipe("spancat_singlelabel", config={"model": model, "suggester": SENTENCES, "spans_key": "sc", **component})
    examples = examples_of(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, 5)
    return nlp


def examples_of(nlp):
    return [cycle(nlp, n_sentences) for n_sentences in (1, 3, 4, 6, 9)]


def scores_of(nlp, text):
    return nlp(text).spans["sc"].attrs["scores"]


def test_calibrate_counts_what_a_span_classifier_cannot_tell(hat):
    nlp = make_trained(hat, span_head(True))
    examples = examples_of(nlp)
    assert nlp.evaluate(examples)["spans_sc_f"] < 0.9
    found = calibrate(nlp, examples)
    assert nlp.evaluate(examples_of(nlp))["spans_sc_f"] == found.after.accuracy == 1.0
    assert found.before.accuracy < 0.9
    assert found.n_counted == found.n_units == 23


@pytest.mark.parametrize("replaced", [False, True], ids=["listener", "replaced"])
def test_calibrate_leaves_a_pipeline_that_saves_and_loads(hat, tmp_path, replaced):
    nlp = make_trained(hat, span_head(True))
    if replaced:
        nlp.replace_listeners("transformer", "spancat_singlelabel", ["model.tok2vec"])
        nlp.remove_pipe("transformer")
    calibrate(nlp, examples_of(nlp))
    assert nlp.config["components"]["spancat_singlelabel"]["model"]["@architectures"] == "spacy-hat.SentenceChain.v1"
    nlp.to_disk(tmp_path)
    text = " ".join([SENTENCE] * 7)
    np.testing.assert_allclose(scores_of(spacy.load(tmp_path), text), scores_of(nlp, text), atol=1e-6)


def test_calibrate_leaves_a_pipeline_that_trains_on(hat):
    nlp = make_trained(hat, span_head(True))
    examples = examples_of(nlp)
    calibrate(nlp, examples)
    losses = train(nlp, examples_of(nlp), 10)
    assert losses[-1]["spancat_singlelabel"] <= losses[0]["spancat_singlelabel"]


def test_calibrate_says_what_the_pipeline_then_does(hat):
    nlp = make_trained(hat, span_head(True))
    found = calibrate(nlp, examples_of(nlp))
    after = calibrate(nlp, examples_of(nlp))
    assert after.before.loss == pytest.approx(found.after.loss, rel=1e-4)


def test_calibrate_weighs_a_chain_that_was_learned(hat):
    nlp = make_trained(hat, chain_head())
    learned = nlp.get_pipe("spancat_singlelabel").model.get_ref("linear_chain").get_param("transitions").copy()
    found = calibrate(nlp, examples_of(nlp))
    weighed = nlp.get_pipe("spancat_singlelabel").model.get_ref("linear_chain").get_param("transitions")
    np.testing.assert_allclose(weighed, found.weighing.neighbours * learned, rtol=1e-5)
    assert found.n_counted == 0


def test_calibrate_counts_labels_whatever_they_weigh_in_training(hat):
    counts = []
    for negative_weight in (1.0, 0.0):
        nlp = make_trained(hat, span_head(True), negative_weight=negative_weight)
        calibrate(nlp, examples_of(nlp))
        chain = nlp.get_pipe("spancat_singlelabel").model.get_ref("linear_chain")
        counts.append(chain.get_param("transitions").argmax(axis=1).tolist())
    assert counts == [[1, 2, 0], [1, 2, 0]]


def test_calibrate_counts_in_the_training_documents_if_they_are_given(hat):
    nlp = make_trained(hat, span_head(True))
    assert calibrate(nlp, [cycle(nlp, 3)], examples_of(nlp)).n_counted == 23


def test_calibrate_counts_behind_another_head_of_the_same_encoder(hat):
    nlp = make_nlp(hat, "textcat", "spancat_singlelabel", packing="sentences")
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    found = calibrate(nlp, examples)
    assert found.n_counted == found.n_units > 0


def test_calibrate_refuses_documents_without_sentences(hat):
    nlp = make_trained(hat, span_head(True))
    with pytest.raises(ValueError, match=r"1 documents in which its suggester finds no spans.*dev"):
        calibrate(nlp, [Example(Doc(nlp.vocab), Doc(nlp.vocab))])


def test_calibrate_refuses_a_pipeline_without_such_a_head(hat):
    nlp = make_nlp(hat, "spancat", packing="sentences")
    with pytest.raises(ValueError, match=r"no component to calibrate. Got: None, and a pipeline with .*spancat"):
        calibrate(nlp, [])


def test_calibrate_asks_which_of_several_components(hat):
    nlp = make_nlp(hat, "textcat", "spancat_singlelabel", packing="sentences")
    with pytest.raises(ValueError, match=r"several components.* Got: no name, and textcat, spancat_singlelabel"):
        head_to_calibrate(nlp, None)


def sequences(seed=0, n_docs=20, sure=1.0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 6, size=n_docs)
    labels = np.concatenate([np.arange(length) % 3 for length in lengths])
    logits = rng.normal(size=(len(labels), 3)) + np.eye(3)[labels]
    scores = sure * logits
    return ScoredSequences(labels, lengths, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


def test_count_chain_counts_first_next_and_last_labels():
    chain = count_chain(LabelSequences(np.array([0, 1, 1, 2]), np.array([3, 0, 1])), 3)
    np.testing.assert_allclose(np.exp(chain.transitions).sum(axis=1) + np.exp(chain.last), 1.0)
    np.testing.assert_allclose(np.exp(chain.first), np.array([1.5, 0.5, 1.5]) / 3.5)
    np.testing.assert_allclose(np.exp(chain.transitions[0]), np.array([0.5, 1.5, 0.5]) / 3.0)
    np.testing.assert_allclose(np.exp(chain.last), [0.5 / 3.0, 1.5 / 4.0, 1.5 / 3.0])


@pytest.mark.parametrize("sure", [0.2, 1.0, 5.0])
def test_best_weighing_is_never_worse_than_none(sure):
    scored = sequences(sure=sure)
    chain, prior = count_chain(scored, 3), log_frequencies(scored.labels, 3)
    before = quality(scored, weighed_scores(scored, chain, prior, Weighing()))
    after = quality(scored, weighed_scores(scored, chain, prior, best_weighing(scored, chain, prior)))
    assert after.loss <= before.loss
    assert after.accuracy >= before.accuracy


def test_best_weighing_takes_off_what_a_model_is_too_sure_of():
    scored = sequences(sure=5.0)
    chain, prior = count_chain(scored, 3), log_frequencies(scored.labels, 3)
    assert best_weighing(scored, chain, prior).sharpness < 0.5


@pytest.mark.parametrize("weighing", [Weighing(sharpness=0.5), Weighing(neighbours=1.0), Weighing(prior=1.0)], ids=str)
def test_weighing_changes_scores(weighing):
    scored = sequences()
    chain, prior = count_chain(scored, 3), np.log([0.7, 0.2, 0.1])
    plain = weighed_scores(scored, chain, prior, Weighing())
    np.testing.assert_allclose(plain, np.exp(scored.scores))
    assert not np.allclose(weighed_scores(scored, chain, prior, weighing), plain)


def test_quality_measures_calibration():
    scored = ScoredSequences(np.array([0, 0, 0, 1]), np.array([4]), np.zeros((4, 2)))
    assert quality(scored, np.tile([0.75, 0.25], (4, 1))).calibration_error == pytest.approx(0.0)
    assert quality(scored, np.tile([0.95, 0.05], (4, 1))).calibration_error == pytest.approx(0.2)
