"""Parameters of what labels documents by words as well, and of what feeds training; the others are in `flips`."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from thinc.api import Model, reduce_mean

from spacy_hat.architectures import hat_tok2vec_v1
from spacy_hat.layers.ngram_bag import words_of
from spacy_hat.pipeline.document_ensemble import ngram_bag_v1

from .pipelines import make_text, save_hat

NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")


def tok2vec(folder: str | Path) -> Model:
    return hat_tok2vec_v1(str(folder), reduce_mean())


def layout_of(model: Model) -> Any:
    layer: Any = next(node for node in model.walk() if node.name == "hat")
    return layer.initialize().shims[0].encoder.config.layout


def said(model: Model) -> Any:
    """RETURNS (Any): What a bag says of documents, or an ensemble, whose encoder says nothing yet."""
    docs = [NLP(make_text(number)) for number in range(5)]
    truth = numpy.eye(2, dtype="float32")[[0, 1, 0, 1, 0]]
    model.initialize(X=docs, Y=truth)
    if model.has_ref("output_layer"):
        output = model.get_ref("output_layer")
        noise: Any = numpy.random.default_rng(0).normal(size=output.get_param("W").shape)
        output.set_param("W", noise.astype("float32"))
    words_of(next(node for node in model.walk() if node.name == "ngram_bag")).learn(docs, truth)
    return model.predict(docs).round(5).tolist()


def write_long_docs(path: Path, n_docs: int) -> Path:
    """RETURNS (Path): A corpus of documents of 60 annotated sentences each."""
    docs = []
    for _ in range(n_docs):
        doc = Doc(NLP.vocab, words=["It", "is", "."] * 60)
        doc.spans["sc"] = [Span(doc, start, start + 3, label="A") for start in range(0, 180, 3)]
        docs.append(doc)
    DocBin(docs=docs).to_disk(path)
    return path


def lengths_read(read: Callable[[Language], Iterable[Example]]) -> list[int]:
    """RETURNS (list[int]): Tokens of each document that a reader of corpora reads."""
    return [len(example.reference) for example in read(NLP)]


WORDS_NEEDED: dict[str, Callable[[str], dict[str, Any]]] = {
    "spacy-hat.DocumentEnsemble.v1": lambda hat: {
        "tok2vec": tok2vec(hat),
        "linear_model": ngram_bag_v1(exclusive_classes=True),
    },
    "spacy-hat.NgramBag.v1": lambda _: {"exclusive_classes": True},
    "spacy-hat.batch_balanced.v1": lambda _: {"size": 2},
    "spacy-hat.passages.v1": lambda hat: {"path": write_long_docs(Path(hat).with_name("long.spacy"), 3)},
}
"""Name in the registry -> what it cannot be built without; functions of the folder of a HAT."""


def width_of(model: Model) -> Any:
    return model.has_dim("nO") and model.get_dim("nO")


def sizes_of_batches(batches: Any) -> Any:
    """RETURNS (Any): How many documents each batch has, of ten with one label and one with another."""
    random.seed(0)
    docs = [NLP(make_text(number)) for number in range(11)]
    for number, doc in enumerate(docs):
        doc.cats = {"A": float(number > 0), "B": float(number == 0)}
    return [len(batch) for batch in batches([Example(doc, doc) for doc in docs])]


# Parameter -> another value, what shows it, and whether the value is made in a folder.
WORDS_FLIPS: dict[str, dict[str, tuple[Any, ...]]] = {
    "spacy-hat.DocumentEnsemble.v1": {
        "tok2vec": (
            lambda folder: tok2vec(save_hat(folder, layout="S|S|SD")),
            layout_of,
            True,
        ),
        "linear_model": (ngram_bag_v1(exclusive_classes=True, ngram_size=1), said),
        "pooling": ("mean", said),
        "dropout": (0.9, lambda model: model.get_ref("hidden").attrs["dropout"]),
        "nO": (7, width_of),
    },
    "spacy-hat.NgramBag.v1": {
        "exclusive_classes": (False, said),
        "ngram_size": (1, said),
        "max_ngrams": (3, said),
        "strength": (1.0, said),
        "balanced": (False, said),
        "loss": ("squared_hinge", said),
        "nO": (7, width_of),
    },
    "spacy-hat.batch_balanced.v1": {"size": (3, sizes_of_batches), "strength": (1.0, sizes_of_batches)},
    "spacy-hat.passages.v1": {
        "path": (lambda folder: write_long_docs(folder / "other.spacy", 2), lengths_read, True),
        "n_sentences": (1, lengths_read),
        "spans_key": ("other", lengths_read),
        "limit": (1, lengths_read),
    },
}
