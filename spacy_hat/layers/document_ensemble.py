"""The head for whole documents with a bag of n-grams beside it: textcat and textcat_multilabel.

docs --.-- transformer_source >> segment_vectors >> pooling >> hidden >> output_layer --.
       |                                                                                + >> scores
       '-- ngram_bag -------------------------------------------------------------------'

Each learns by itself, as if the other were not there: an encoder that is sure of every document that it was trained on
would leave nothing to learn for the words, and words that know them all nothing for the encoder. Scores are those of
the weighed sum of both log-odds.
"""

import warnings
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..choices import Pooling
from .document_classifier import document_classifier
from .document_classifier import forward as forward_classifier
from .document_classifier import init as init_classifier
from .document_classifier import resize_output as resize_classifier
from .ngram_bag import NAME as BAG
from .ngram_bag import words_of

InT = list[Doc]
OutT = Floats2d
NAME = "document_ensemble"
# Of the log-odds of either, until they are weighed on dev: an encoder is surer of itself than it should be.
ENCODER, WORDS = 0.5, 1.0
NEAR = 1e-3
NO_TRUTH = (
    "A document ensemble learns words from the truth behind the gradient `scores - truth`, which spaCy's text "
    "categorizers hand back. Got: a gradient that is another, so that these documents are learned by the encoder alone."
)


def document_ensemble(
    tok2vec: Model[list[Doc], list[Floats2d]],
    linear_model: Model[list[Doc], Floats2d],
    *,
    pooling: Pooling = "max",
    dropout: float = 0.1,
    nO: int | None = None,
) -> Model[InT, OutT]:
    """Classify documents by all of their segments, and by their n-grams.

    tok2vec (Model[list[Doc], list[Floats2d]]): A listener to the transformer, or the encoder itself.
    linear_model (Model[list[Doc], Floats2d]): Made by `ngram_bag`, which knows whether labels exclude each other.
    pooling (Pooling): How segment vectors become one vector.
    dropout (float): Probability of a zero before the output of the encoder's head, in training.
    nO (int | None): n_labels; inferred if None.
    RETURNS (Model[list[Doc], Floats2d]): From n_docs documents to scores (n_docs, n_labels).
    RAISES (ValueError): If the linear model is another.
    """
    if linear_model.name != BAG:
        raise ValueError(
            "spacy-hat.DocumentEnsemble.v1 has a bag of n-grams beside the encoder. Got: [model.linear_model] named "
            f"'{linear_model.name}'. Expected: @architectures = \"spacy-hat.NgramBag.v1\". spaCy's own bags of words "
            "learn from each batch, at the optimizer's rate: they have a place in spacy.TextCatEnsemble.v2."
        )
    exclusive_classes = not linear_model.attrs["multi_label"]
    head = document_classifier(tok2vec, pooling=pooling, exclusive_classes=exclusive_classes, dropout=dropout, nO=nO)
    return beside(head, linear_model)


def beside(head: Model[InT, OutT], bag: Model[InT, OutT]) -> Model[InT, OutT]:
    """Put a bag of n-grams beside a head, in place of the one that it may have. It shares the head's layers.

    head (Model[list[Doc], Floats2d]): Made by `document_classifier` or `document_ensemble`.
    bag (Model[list[Doc], Floats2d]): Made by `ngram_bag`.
    RETURNS (Model[list[Doc], Floats2d]): The ensemble.
    """
    model: Model[InT, OutT] = Model(
        NAME,
        forward,
        init=init,
        layers=[*head.layers[:2], bag],
        dims={"nO": head.maybe_get_dim("nO")},
        refs={name: head.get_ref(name) for name in ("hidden", "growing", "output_layer")},
        attrs={"multi_label": head.attrs["multi_label"], "resize_output": resize_output},
    )
    set_weights(model, ENCODER, WORDS)
    return model


def weights_of(model: Model[InT, OutT]) -> tuple[float, float]:
    """RETURNS (tuple[float, float]): How much the encoder's log-odds count, and those of the words."""
    return model.attrs["encoder_weight"], model.attrs["words_weight"]


def set_weights(model: Model[InT, OutT], encoder: float, words: float) -> None:
    """Set them."""
    model.attrs["encoder_weight"], model.attrs["words_weight"] = float(encoder), float(words)


def both_logits(model: Model[InT, OutT], docs: InT) -> tuple[Floats2d, Floats2d]:
    """RETURNS (tuple[Floats2d, Floats2d]): (n_docs, n_labels) log-odds by the encoder and by the words, not weighed."""
    source, classifier, bag = model.layers
    return encoder_logits(classifier, source.predict(docs)), bag.predict(docs)


def encoder_logits(classifier: Model, outputs: Any) -> Floats2d:
    """RETURNS (Floats2d): (n_docs, n_labels) what becomes scores in the last layer of a classifier."""
    for layer in classifier.layers[:-1]:
        outputs = layer.predict(outputs)
    return cast(Floats2d, outputs)


def forward(model: Model[InT, OutT], docs: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    """Score documents; in training, by the encoder alone. One without tokens scores 0."""
    if is_train:
        return _learn(model, docs)
    logits, by_words = both_logits(model, docs)
    encoder_weight, words_weight = weights_of(model)
    scored = model.layers[1].layers[-1].predict(encoder_weight * logits + words_weight * by_words)
    has_tokens = model.ops.asarray2f([[float(len(doc) > 0)] for doc in docs])

    def backprop(d_scores: OutT) -> InT:
        return docs

    return scored * has_tokens, backprop


def _learn(model: Model[InT, OutT], docs: InT) -> tuple[OutT, Callable[[OutT], InT]]:
    scored, backprop_head = forward_classifier(model, docs, True)
    words = words_of(model.layers[2])

    def backprop(d_scores: OutT) -> InT:
        truth, is_told = truth_behind(model.ops.to_numpy(scored), model.ops.to_numpy(d_scores))
        if not is_told.all():
            warnings.warn(NO_TRUTH, UserWarning, stacklevel=2)
        chosen = np.flatnonzero(is_told & [len(doc) > 0 for doc in docs])
        words.learn([docs[i] for i in chosen], truth[chosen])
        return backprop_head(d_scores)

    return scored, backprop


def truth_behind(
    scored: NDArray[np.float32], d_scores: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Find what spaCy compared scores with.

    scored (NDArray): (n_docs, n_labels) the scores.
    d_scores (NDArray): (n_docs, n_labels) `scores - truth`; 0 for a label that is neither given nor denied.
    RETURNS (tuple): (n_docs, n_labels) the truth, NaN for such labels, and (n_docs,) whether it can be one.
    """
    truth = scored - d_scores
    nearest = truth.round()
    truth = np.where(np.abs(truth - nearest) < NEAR, nearest, truth)
    is_told = np.all((truth >= 0) & (truth <= 1), axis=1)
    unknown = (d_scores == 0) & (scored != 0) & (scored != 1)
    return np.where(unknown, np.nan, truth).astype("float32"), is_told


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    init_classifier(model, X, Y)
    bag = model.layers[2]
    bag.set_dim("nO", model.get_dim("nO"), force=True)
    bag.initialize()


def resize_output(model: Model[InT, OutT], n_labels: int) -> Model[InT, OutT]:
    """Make room for more labels; those there keep their weights. Called by textcat's `add_label`.

    model (Model[list[Doc], Floats2d]): A document ensemble.
    n_labels (int): The new number of labels.
    RETURNS (Model[list[Doc], Floats2d]): The same model.
    """
    resize_classifier(model, n_labels)
    bag = model.layers[2]
    words_of(bag).resize(n_labels)
    bag.set_dim("nO", n_labels, force=True)
    return model
