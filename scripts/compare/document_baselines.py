"""What reads whole documents without training an encoder: frozen vectors, and spaCy's own text categorizers."""

import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy
import spacy
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch

from scripts.compare.text_baselines import read_docs
from scripts.scores import best_label, quality

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""C of logistic regression on vectors that are brought to unit variance."""
RATES = (0.001, 0.005, 0.02)
"""Of Adam, for spaCy's own models; the best epoch of the best rate on dev is taken."""
EPOCHS = 10
BATCH_SIZE = 8
OwnModel = Literal["bag of words", "ensemble"]


@dataclass(frozen=True)
class FrozenVectors:
    """Vectors of all segments, of an encoder that is not trained, and logistic regression; tuned on dev.

    layout (str): Of the encoder.
    """

    layout: str


@dataclass(frozen=True)
class OwnTextcat:
    """A text categorizer of spaCy's own, its rate and epochs chosen on dev.

    model (Literal): A bag of words and pairs of words, or that beside a convolutional network.
    """

    model: OwnModel


DocumentBaseline = FrozenVectors | OwnTextcat
Labeller = Callable[[list[Doc]], list[str]]
BAG = {
    "@architectures": "spacy.TextCatBOW.v3",
    "exclusive_classes": True,
    "ngram_size": 2,
    "no_output_layer": False,
    "length": 262144,
}
OWN_MODELS: Mapping[OwnModel, dict[str, Any]] = {
    "bag of words": BAG,
    # What `add_pipe("textcat")` makes, with pairs of words as well.
    "ensemble": {
        "@architectures": "spacy.TextCatEnsemble.v2",
        "tok2vec": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": {
                "@architectures": "spacy.MultiHashEmbed.v2",
                "width": 64,
                "rows": [2000, 2000, 500, 1000, 500],
                "attrs": ["NORM", "LOWER", "PREFIX", "SUFFIX", "SHAPE"],
                "include_static_vectors": False,
            },
            "encode": {
                "@architectures": "spacy.MaxoutWindowEncoder.v2",
                "width": 64,
                "window_size": 1,
                "maxout_pieces": 3,
                "depth": 2,
            },
        },
        "linear_model": BAG,
    },
}


def fit_baseline(method: DocumentBaseline, corpus: Path, hat: Callable[[str], Path], seed: int) -> Labeller:
    """Train on train, choose on dev.

    method (DocumentBaseline): What.
    corpus (Path): Folder of train.spacy and dev.spacy.
    hat (Callable): From a layout to the checkpoint of an encoder that was not trained.
    seed (int): Of the training.
    RETURNS (Labeller): From documents to their labels.
    """
    train, dev = read_docs(corpus / "train.spacy"), read_docs(corpus / "dev.spacy")
    if isinstance(method, OwnTextcat):
        return fit_own_textcat(method, train, dev, seed)
    return fit_frozen(hat(method.layout), train, dev)


def gold_labels(docs: list[Doc]) -> list[str]:
    """RETURNS (list[str]): The label of each document."""
    return [best_label(doc.cats) for doc in docs]


def fit_frozen(hat: Path, train: list[Doc], dev: list[Doc]) -> Labeller:
    """RETURNS (Labeller): Logistic regression on mean vectors, or on these beside the maximum over segments."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    model = {"@architectures": "spacy-hat.HATModel.v1", "name": str(hat), "packing": "greedy"}
    nlp.add_pipe("hat", config={"model": model})
    nlp.initialize()
    n_train, gold = len(train), gold_labels(dev)
    vectors = document_vectors(nlp, [*train, *dev])
    best: tuple[float, Any, int] = (-1.0, None, 0)
    for width in (vectors.shape[1] // 2, vectors.shape[1]):
        for strength in STRENGTHS:
            regression = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
            linear = make_pipeline(StandardScaler(), regression).fit(vectors[:n_train, :width], gold_labels(train))
            found = quality(gold, list(linear.predict(vectors[n_train:, :width])))
            if found > best[0]:
                best = found, linear, width
    _, linear, width = best
    return lambda docs: [str(label) for label in linear.predict(document_vectors(nlp, docs)[:, :width])]


def document_vectors(nlp: Any, docs: list[Doc]) -> numpy.ndarray:
    """Encode documents.

    nlp (Language): A pipeline with an encoder.
    docs (list[Doc]): n_docs documents.
    RETURNS (ndarray): (n_docs, 2 * hidden_size) mean and maximum over segments of the mean vectors of their pieces.
    """
    found = []
    for start in range(0, len(docs), BATCH_SIZE):
        batch = [nlp.make_doc(doc.text) for doc in docs[start : start + BATCH_SIZE]]
        for doc in nlp.pipe(batch):
            data = doc._.trf_data
            mask = data.wordpieces.attention_mask[..., None]
            means = (data.model_output.last_hidden_state * mask).sum(axis=1) / numpy.maximum(mask.sum(axis=1), 1)
            found.append(numpy.concatenate([means.mean(axis=0), means.max(axis=0)]))
            doc._.trf_data = None
    return numpy.stack(found)


def fit_own_textcat(method: OwnTextcat, train: list[Doc], dev: list[Doc], seed: int) -> Labeller:
    """RETURNS (Labeller): spaCy's text categorizer, of the best rate and epoch."""
    best: tuple[float, Any] = (-1.0, None)
    for rate in RATES:
        fix_random_seed(seed)
        nlp = spacy.blank("en")
        pipe: Any = nlp.add_pipe("textcat", config={"model": OWN_MODELS[method.model]})
        examples = [Example(nlp.make_doc(doc.text), doc) for doc in train]
        optimizer = nlp.initialize(lambda examples=examples: examples)  # type: ignore[misc]
        optimizer.learn_rate = rate
        for _ in range(EPOCHS):
            random.shuffle(examples)
            for batch in minibatch(examples, BATCH_SIZE):
                nlp.update(batch, sgd=optimizer, drop=0.1)
            found = quality(gold_labels(dev), labels_by(nlp, dev))
            if found > best[0]:
                best = found, deepcopy(pipe.model)
    pipe.model = best[1]
    return lambda docs: labels_by(nlp, docs)


def labels_by(nlp: Any, docs: list[Doc]) -> list[str]:
    """RETURNS (list[str]): What a pipeline says of the texts of documents."""
    return [best_label(doc.cats) for doc in nlp.pipe([nlp.make_doc(doc.text) for doc in docs])]
