"""Words beside a trained document classifier: what dev decides, and what the pipeline keeps of it."""

import numpy
import pytest
import spacy
from spacy.training import Example

from spacy_hat.layers.document_ensemble import weights_of
from spacy_hat.training.calibrate import calibrate, head_to_calibrate
from spacy_hat.training.calibrate_words import Fit, calibrate_words, fit_of, surprise

from ..support.pipelines import initialize, make_examples, make_nlp, train

HEADS = ["textcat", "textcat_multilabel", "ensemble", "ensemble_multilabel"]


def trained(hat_folder, *heads: str, n_steps: int = 1):
    nlp = make_nlp(hat_folder, *heads)
    train(nlp, initialize(nlp), n_steps)
    return nlp


def cats(nlp, head: str, text: str) -> list[float]:
    doc = nlp(text)
    return [doc.cats[label] for label in nlp.get_pipe(head).labels]


@pytest.mark.parametrize("head", HEADS)
def test_calibrate_words_is_at_least_as_good_as_either(hat_folder, head):
    nlp = trained(hat_folder, head)
    examples = make_examples(nlp, 20)
    found = calibrate_words(nlp, nlp.get_pipe(head), examples[12:], examples[:12])
    assert found.both.right() >= max(found.encoder.right(), found.words.right())
    assert (found.n_docs, found.n_learned) == (8, 12)


@pytest.mark.parametrize("head", HEADS)
def test_calibrate_words_decides_as_it_says(hat_folder, head):
    nlp = trained(hat_folder, head)
    examples = make_examples(nlp, 20)
    found = calibrate_words(nlp, nlp.get_pipe(head), examples[12:], examples[:12])
    given = [cats(nlp, head, example.reference.text) for example in examples[12:]]
    right = [[example.reference.cats[label] for label in nlp.get_pipe(head).labels] for example in examples[12:]]
    decided = numpy.array(given) > 0.5
    assert (decided == (numpy.array(right) > 0.5)).mean() == pytest.approx(found.both.accuracy)


@pytest.mark.parametrize("head", HEADS)
def test_calibrate_words_lasts_on_disk(hat_folder, tmp_path, head):
    nlp = trained(hat_folder, head)
    examples = make_examples(nlp, 20)
    found = calibrate_words(nlp, nlp.get_pipe(head), examples[12:], examples[:12])
    nlp.to_disk(tmp_path / "calibrated")
    loaded = spacy.load(tmp_path / "calibrated")
    text = examples[15].reference.text
    assert weights_of(loaded.get_pipe(head).model) == (found.encoder_weight, found.words_weight)
    assert cats(loaded, head, text) == pytest.approx(cats(nlp, head, text), abs=1e-6)


def test_calibrate_words_of_an_ensemble_keeps_them_without_train(hat_folder):
    nlp = trained(hat_folder, "ensemble")
    table = nlp.get_pipe("ensemble").model.layers[2].shims[0].table
    found = calibrate_words(nlp, nlp.get_pipe("ensemble"), make_examples(nlp, 20)[12:])
    assert found.n_learned == 0
    assert nlp.get_pipe("ensemble").model.layers[2].shims[0].table is table


@pytest.mark.parametrize(("head", "loss"), [("textcat", None), ("ensemble", "log")])
def test_calibrate_words_chooses_the_loss_where_the_pipeline_has_none(hat_folder, tmp_path, head, loss):
    nlp = trained(hat_folder, head)
    examples = make_examples(nlp, 40)
    calibrate_words(nlp, nlp.get_pipe(head), examples[30:], examples[:30])
    assert nlp.get_pipe_config(head)["model"]["linear_model"]["loss"] == loss
    nlp.to_disk(tmp_path / "calibrated")
    loaded = spacy.load(tmp_path / "calibrated")
    text = examples[35].reference.text
    assert cats(loaded, head, text) == pytest.approx(cats(nlp, head, text), abs=1e-6)


def test_calibrate_words_wants_something_to_learn_them_from(hat_folder):
    nlp = trained(hat_folder, "textcat", n_steps=0)
    with pytest.raises(ValueError, match=r"no words to weigh.*--train"):
        calibrate_words(nlp, nlp.get_pipe("textcat"), make_examples(nlp))


def test_calibrate_words_wants_labels_on_dev(hat_folder):
    nlp = trained(hat_folder, "textcat", n_steps=0)
    blank = [Example(nlp.make_doc("a."), nlp.make_doc("a."))]
    with pytest.raises(ValueError, match=r"Got: 1 documents without labels in doc.cats.*those of dev"):
        calibrate_words(nlp, nlp.get_pipe("textcat"), blank, make_examples(nlp))


def test_head_to_calibrate_names_what_there_is(hat_folder):
    nlp = trained(hat_folder, "textcat", "spancat_singlelabel", n_steps=0)
    assert head_to_calibrate(nlp, "textcat").name == "textcat"
    with pytest.raises(ValueError, match="Expected: textcat or spancat_singlelabel"):
        head_to_calibrate(nlp)
    with pytest.raises(ValueError, match="Expected: spancat_singlelabel, a `spancat_singlelabel`"):
        calibrate(nlp, make_examples(nlp), component="textcat")


@pytest.mark.parametrize(
    ("logits", "truth", "exclusive", "expected"),
    [
        ([[9.0, 0.0], [0.0, 9.0]], [[1, 0], [0, 1]], True, (1.0, 1.0)),
        ([[9.0, 0.0], [9.0, 0.0]], [[1, 0], [0, 1]], True, (0.5, 1 / 3)),
        ([[9.0, -9.0], [9.0, -9.0]], [[1, 0], [0, 1]], False, (0.5, 1 / 3)),
        ([[9.0, -9.0], [9.0, 9.0]], [[1, 0], [float("nan"), 1]], False, (1.0, 1.0)),
    ],
)
def test_fit_of_counts_what_is_right(logits, truth, exclusive, expected):
    found = fit_of(numpy.array(logits), numpy.array(truth, dtype="float32"), exclusive)
    assert isinstance(found, Fit)
    assert (found.accuracy, found.macro_f1) == pytest.approx(expected)


def test_surprise_is_none_for_what_an_ensemble_has_by_itself():
    assert surprise(0.5, 1.0) == 0
    assert surprise(0.25, 1.0) == surprise(0.5, 2.0) == 0.5
    assert surprise(0.0, 1.0) > 5
