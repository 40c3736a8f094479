"""Words beside a trained document classifier, weighed on dev, without training its encoder.

All of it ends as spacy-hat.DocumentEnsemble.v1, so that the pipeline needs nothing else to be loaded and run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline import TextCategorizer
from spacy.training import Example
from spacy.util import minibatch
from thinc.api import Model

from ..layers.document_ensemble import ENCODER as ENCODER_WEIGHT
from ..layers.document_ensemble import WORDS as WORDS_WEIGHT
from ..layers.document_ensemble import beside, encoder_logits, set_weights
from ..layers.ngram_bag import ngram_bag, words_of
from ..layers.word_choice import log_softmax
from ..pipeline.heads import has_words
from .label_sequences import N_TOGETHER, read_up_to
from .reliability import Reliability

Floats = NDArray[np.float64]
ENCODER = (0.0, 0.1, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0)
WORDS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
LEAST_WEIGHT = 1 / 32
"""What nothing is counted as."""


@dataclass(frozen=True)
class Fit:
    """How well scores fit the labels of some documents.

    accuracy (float): Documents that get their label; without exclusive classes, labels that are rightly given or not.
    macro_f1 (float): Mean over labels of the harmonic mean of precision and recall.
    loss (float): Mean negative log probability of the right answer.
    reliability (Reliability): How sure it is, and how often it is right.
    """

    accuracy: float
    macro_f1: float
    loss: float
    reliability: Reliability

    @property
    def calibration_error(self) -> float:
        """RETURNS (float): Expected difference of score and accuracy (ECE)."""
        return self.reliability.error

    def right(self) -> float:
        """RETURNS (float): How much is right: accuracy and macro-F1 count alike."""
        return self.accuracy + self.macro_f1


@dataclass(frozen=True)
class WeighedWords:
    """What was done.

    component (str): The categorizer.
    encoder_weight (float): How much the encoder's log-odds count.
    words_weight (float): How much those of the words do.
    encoder (Fit): On dev, of the encoder alone.
    words (Fit): Of the words alone.
    both (Fit): Of both, weighed.
    n_docs (int): Documents of dev.
    n_learned (int): Documents that words were learned from; 0 if those that were there were kept.
    """

    component: str
    encoder_weight: float
    words_weight: float
    encoder: Fit
    words: Fit
    both: Fit
    n_docs: int
    n_learned: int


def calibrate_words(
    nlp: Language, head: TextCategorizer, dev: Iterable[Example], train: Iterable[Example] | None = None
) -> WeighedWords:
    """Put words beside a trained document classifier, or weigh those that it has. The pipeline is changed in place.

    nlp (Language): A trained pipeline.
    head (TextCategorizer): Its `textcat` or `textcat_multilabel`, with a head of this package.
    dev (Iterable[Example]): Annotated documents that it was not trained on, to weigh by. They are never those of test.
    train (Iterable[Example] | None): Annotated documents to learn words from: those of training. None: words stay.
    RETURNS (WeighedWords): What was done: at least as good on dev as the better of the encoder and the words.
    RAISES (ValueError): If there are no words and nothing to learn them from, or no documents to weigh by.
    """
    examples, learned = list(dev), list(train or ())
    _check(head, examples, learned)
    truth = truth_of(head, examples)
    by_encoder = _encoder_logits(nlp, head, examples)
    bag = _bag(head, learned)
    by_words = words_of(bag).logits([example.reference for example in examples]).astype("float64")
    exclusive = not head.model.attrs["multi_label"]
    fits = {
        (encoder, words): fit_of(encoder * by_encoder + words * by_words, truth, exclusive)
        for encoder, words in product(ENCODER, WORDS)
        if encoder or words
    }
    least = max(fits[1.0, 0.0].right(), fits[0.0, 1.0].right())
    encoder_weight, words_weight = best = min(
        (weights for weights in fits if fits[weights].right() >= least),
        key=lambda weights: fits[weights].loss + surprise(*weights) / len(examples),
    )
    _set(nlp, head, bag, encoder_weight, words_weight)
    return WeighedWords(
        component=head.name,
        encoder_weight=encoder_weight,
        words_weight=words_weight,
        encoder=fits[1.0, 0.0],
        words=fits[0.0, 1.0],
        both=fits[best],
        n_docs=len(examples),
        n_learned=len(learned),
    )


def surprise(encoder_weight: float, words_weight: float) -> float:
    """Say how unlikely weights are before dev is looked at, so that a few documents do not decide on much.

    encoder_weight (float): How much the encoder's log-odds count.
    words_weight (float): How much those of the words do.
    RETURNS (float): In the measure of a document's loss: one octave from what an ensemble has by itself costs a half.
    """
    octaves = [
        np.log2(max(weight, LEAST_WEIGHT) / usual)
        for weight, usual in ((encoder_weight, ENCODER_WEIGHT), (words_weight, WORDS_WEIGHT))
    ]
    return float(np.square(octaves).sum() / 2)


def _check(head: TextCategorizer, examples: Sequence[Example], learned: Sequence[Example]) -> None:
    if not any(len(example.reference) and example.reference.cats for example in examples):
        raise ValueError(
            f"Component '{head.name}' cannot be calibrated. Got: {len(examples)} documents without labels in doc.cats. "
            "Expected: annotated documents that it was not trained on. Give those of dev."
        )
    if not learned and not (has_words(head) and words_of(head.model.layers[2]).table):
        raise ValueError(
            f"Component '{head.name}' has no words to weigh. Got: {head.model.name} and no documents to learn them "
            "from. Expected: the documents that it was trained on. Give them: --train train.spacy"
        )


def truth_of(head: TextCategorizer, examples: Sequence[Example]) -> NDArray[np.float32]:
    """RETURNS (NDArray): (n_docs, n_labels) 1.0, 0.0, or NaN where a document does not say."""
    rows = [[example.reference.cats.get(label, np.nan) for label in head.labels] for example in examples]
    return np.array(rows, dtype="float32").reshape(len(rows), len(head.labels))


def fit_of(logits: Floats, truth: NDArray[np.float32], exclusive_classes: bool) -> Fit:
    """Compare log-odds with the right labels.

    logits (Floats): (n_docs, n_labels).
    truth (NDArray): (n_docs, n_labels) 1.0, 0.0, or NaN where it is not known.
    exclusive_classes (bool): One label a document, or any number.
    RETURNS (Fit): How well they fit.
    """
    known, right = ~np.isnan(truth), np.nan_to_num(truth) > 0.5
    if exclusive_classes:
        log_scores = log_softmax(logits)
        given = np.eye(logits.shape[1], dtype=bool)[logits.argmax(axis=1)]
        loss = -log_scores[right].mean() if right.any() else 0.0
        hit = (given & right).any(axis=1)
        sure = np.exp(log_scores.max(axis=1))
    else:
        given = logits > 0
        loss = np.logaddexp(0, np.where(right, -logits, logits))[known].mean()
        hit = (given == right)[known]
        sure = 1 / (1 + np.exp(-np.abs(logits[known])))
    given &= known
    hits, total = (given & right).sum(axis=0), given.sum(axis=0) + right.sum(axis=0)
    told = right.any(axis=0)
    macro_f1 = np.mean(2 * hits[told] / np.maximum(total[told], 1)) if told.any() else 0.0
    return Fit(float(hit.mean()), float(macro_f1), float(loss), Reliability.of(sure, hit))


def _encoder_logits(nlp: Language, head: TextCategorizer, examples: Sequence[Example]) -> Floats:
    source, classifier = head.model.layers[:2]
    found = [np.zeros((0, len(head.labels)))]
    for together in minibatch(examples, N_TOGETHER):
        batch = [read_up_to(nlp, head, example, set()) for example in together]
        outputs = source.predict([example.predicted for example in batch])
        found.append(cast(np.ndarray, head.model.ops.to_numpy(encoder_logits(classifier, outputs))).astype("float64"))
    return np.concatenate(found)


def _bag(head: TextCategorizer, learned: Sequence[Example]) -> Model:
    """The words that are there, or others that are learned."""
    if not learned:
        return head.model.layers[2]
    settings: dict[str, Any] = {"exclusive_classes": not head.model.attrs["multi_label"], "nO": len(head.labels)}
    settings["loss"] = None
    if has_words(head):
        shim = words_of(head.model.layers[2])
        settings |= {"ngram_size": shim.ngram_size, "max_ngrams": shim.max_ngrams}
        settings |= {"balanced": shim.settings.balanced, "strength": shim.settings.strength}
        settings["loss"] = shim.settings.loss
    bag = ngram_bag(**settings)
    bag.initialize()
    words_of(bag).learn([example.reference for example in learned], truth_of(head, learned))
    return bag


def _set(nlp: Language, head: TextCategorizer, bag: Model, encoder_weight: float, words_weight: float) -> None:
    """Make it the head's model, and say so in its config."""
    shim = words_of(bag)
    head.model = beside(head.model, bag)
    set_weights(head.model, encoder_weight, words_weight)
    settings = nlp.get_pipe_config(head.name)["model"]
    settings["@architectures"] = "spacy-hat.DocumentEnsemble.v1"
    settings.pop("exclusive_classes", None)
    settings["linear_model"] = {
        "@architectures": "spacy-hat.NgramBag.v1",
        "exclusive_classes": shim.settings.exclusive_classes,
        "ngram_size": shim.ngram_size,
        "max_ngrams": shim.max_ngrams,
        "strength": shim.settings.strength,
        "balanced": shim.settings.balanced,
        "loss": shim.settings.loss,
        "nO": None,
    }
