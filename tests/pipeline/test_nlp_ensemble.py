"""DocumentEnsemble.v1 in a pipeline: an encoder and words that learn side by side."""

import numpy
import pytest
import spacy
import torch
from spacy.training import Example

from spacy_hat.layers.document_ensemble import both_logits, set_weights, weights_of
from spacy_hat.layers.ngram_bag import words_of

from ..support.pipelines import (
    COMPONENTS,
    document_head,
    ensemble_head,
    initialize,
    make_examples,
    make_nlp,
    make_text,
    train,
)

HEADS = ["ensemble", "ensemble_multilabel"]


def trained(hat_folder, head: str = "ensemble", n_steps: int = 3, **settings):
    nlp = make_nlp(hat_folder)
    factory, config = COMPONENTS[head]
    nlp.add_pipe(factory, name=head, config={"model": config["model"] | settings})
    examples = initialize(nlp)
    train(nlp, examples, n_steps)
    return nlp


def scores(nlp, head: str = "ensemble", n_docs: int = 6) -> numpy.ndarray:
    docs = [nlp(make_text(100 + number)) for number in range(n_docs)]
    return numpy.array([[doc.cats[label] for label in nlp.get_pipe(head).labels] for doc in docs])


@pytest.mark.parametrize("head", HEADS)
def test_ensemble_learns_from_words_what_the_encoder_did_not_learn_yet(hat_folder, head):
    nlp = trained(hat_folder, head, n_steps=1)
    docs = [nlp(make_text(100 + number)) for number in range(6)]
    assert [doc.cats["DISMISSED"] > 0.5 for doc in docs] == [True, False] * 3


def test_ensemble_encoder_learns_what_it_learns_without_words(hat_folder):
    with_words = trained(hat_folder)
    alone = make_nlp(hat_folder)
    alone.add_pipe("textcat", name="ensemble", config={"model": document_head(True)})
    train(alone, initialize(alone), 3)
    set_weights(with_words.get_pipe("ensemble").model, 1.0, 0.0)
    numpy.testing.assert_allclose(scores(with_words), scores(alone), atol=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_ensemble_scores_are_of_the_weighed_sum_of_log_odds(hat_folder, head):
    nlp = trained(hat_folder, head)
    model = nlp.get_pipe(head).model
    set_weights(model, 0.25, 2.0)
    docs = [nlp(make_text(number)) for number in range(3)]
    by_encoder, by_words = both_logits(model, docs)
    logits = torch.from_numpy(0.25 * by_encoder + 2.0 * by_words)
    expected = logits.softmax(dim=1) if head == "ensemble" else logits.sigmoid()
    numpy.testing.assert_allclose(model.predict(docs), expected.numpy(), atol=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_ensemble_is_the_same_after_disk(hat_folder, tmp_path, head):
    nlp = trained(hat_folder, head)
    set_weights(nlp.get_pipe(head).model, 0.25, 2.0)
    nlp.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    assert weights_of(loaded.get_pipe(head).model) == (0.25, 2.0)
    numpy.testing.assert_array_equal(scores(loaded, head), scores(nlp, head))


def test_ensemble_stores_what_was_learned_since_it_was_last_asked(hat_folder):
    nlp = trained(hat_folder)
    other = make_nlp(hat_folder, "ensemble")
    initialize(other)
    other.from_bytes(nlp.to_bytes())
    assert numpy.abs(words_of(other.get_pipe("ensemble").model.layers[2]).logits([nlp(make_text(0))])).max() > 1


def test_ensemble_is_reproducible(hat_folder):
    numpy.testing.assert_array_equal(scores(trained(hat_folder)), scores(trained(hat_folder)))


def test_ensemble_goes_on_from_what_its_words_knew(hat_folder):
    nlp = trained(hat_folder)
    nlp.from_bytes(nlp.to_bytes())
    before = both_logits(nlp.get_pipe("ensemble").model, [nlp(make_text(0))])[1]
    train(nlp, make_examples(nlp)[:1], 1)
    after = both_logits(nlp.get_pipe("ensemble").model, [nlp(make_text(0))])[1]
    # One document that it agrees with changes little, where a new fit to it alone would know of one label only.
    assert numpy.abs(after - before).max() < 0.5 * numpy.abs(before).max()


def test_ensemble_takes_another_label_and_learns_it(hat_folder):
    nlp = trained(hat_folder)
    pipe = nlp.get_pipe("ensemble")
    pipe.add_label("SETTLED")
    assert scores(nlp).shape == (6, 3)
    assert (scores(nlp)[:, 2] < 0.1).all()
    docs = [nlp.make_doc(f"the parties settled. {make_text(number)}") for number in range(6)]
    cats = {"DISMISSED": 0.0, "ALLOWED": 0.0, "SETTLED": 1.0}
    train(nlp, [Example.from_dict(doc, {"cats": cats}) for doc in docs], 1)
    assert both_logits(pipe.model, [nlp("the parties settled.")])[1].argmax() == 2


def test_ensemble_learns_no_words_of_labels_that_are_not_told(hat_folder):
    nlp = trained(hat_folder, "ensemble_multilabel", n_steps=0)
    examples = [
        Example.from_dict(nlp.make_doc(make_text(number)), {"cats": {"DISMISSED": float(number % 2 == 0)}})
        for number in range(8)
    ]
    train(nlp, examples, 1)
    logits = both_logits(nlp.get_pipe("ensemble_multilabel").model, [nlp(make_text(0))])[1]
    told = nlp.get_pipe("ensemble_multilabel").labels.index("DISMISSED")
    assert logits[0, told] > 0.1
    assert abs(logits[0, 1 - told]) < 1e-6


@pytest.mark.parametrize("texts", [["", " "], ["", make_text(0)], ["...", "\n\n"]])
def test_ensemble_takes_documents_without_words(hat_folder, texts):
    nlp = trained(hat_folder)
    found = [doc.cats for doc in nlp.pipe(texts)]
    assert all(0 <= score <= 1 for cats in found for score in cats.values())


def test_ensemble_says_that_a_gradient_is_not_scores_less_truth(hat_folder, monkeypatch):
    nlp = trained(hat_folder, n_steps=0)
    pipe = nlp.get_pipe("ensemble")
    monkeypatch.setattr(pipe, "get_loss", lambda examples, found: (0.0, numpy.full_like(found, 3.0)))
    with pytest.warns(UserWarning, match="scores - truth"):
        train(nlp, make_examples(nlp), 1)
    assert words_of(pipe.model.layers[2]).table is None


def test_ensemble_refuses_other_linear_models(hat_folder):
    nlp = make_nlp(hat_folder)
    bag = {"@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True, "ngram_size": 1, "no_output_layer": True}
    with pytest.raises(ValueError, match=r"Got.*extract_ngrams.*Expected.*NgramBag.v1"):
        nlp.add_pipe("textcat", config={"model": ensemble_head(True, linear_model=bag)})


@pytest.mark.parametrize("setting", [{"ngram_size": 0}, {"max_ngrams": 0}, {"strength": 0.0}])
def test_ngram_bag_refuses_impossible_settings(hat_folder, setting):
    nlp = make_nlp(hat_folder)
    bag = ensemble_head(True)["linear_model"] | setting
    with pytest.raises(ValueError, match=rf"{next(iter(setting))} = .*Expected.*linear_model"):
        nlp.add_pipe("textcat", config={"model": ensemble_head(True, linear_model=bag)})
