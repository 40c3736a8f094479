"""The vectors of spans that follow each other, as one sequence for each document."""

from collections.abc import Callable
from typing import Any, cast

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d, Ragged

from .span_vectors import span_vectors
from .trf_interface import TransformerData

InT = tuple[list[TransformerData], Ragged]
OutT = Ragged


def span_sequences(vectors: Model[InT, Floats2d] | None = None) -> Model[InT, OutT]:
    """Span vectors that know where a document ends.

    vectors (Model[tuple[list[TransformerData], Ragged], Floats2d] | None): The layer that makes them, if there is one.
    RETURNS (Model[tuple[list[TransformerData], Ragged], Ragged]): From the outputs of n_docs documents and their
        spans, a Ragged of (n_spans, 2) first tokens and tokens past the last, to n_docs sequences of (n_spans,
        2 * hidden_size).
    """
    return Model("span_sequences", forward, init=init, layers=[vectors or span_vectors()])


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    vectors, backprop_vectors = model.layers[0](X, is_train)
    lengths = X[1].lengths

    def backprop(dY: OutT) -> InT:
        return backprop_vectors(cast(Floats2d, dY.dataXd))

    return Ragged(vectors, lengths), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    model.layers[0].initialize(X=X)


def check_order(docs: list[Doc], spans: Ragged, to_numpy: Callable[[Any], numpy.ndarray]) -> None:
    """Check that the spans of each document follow each other.

    docs (list[Doc]): n_docs documents.
    spans (Ragged): Their (n_spans, 2) first tokens and tokens past the last.
    to_numpy (Callable): Brings an array to the host.
    RAISES (ValueError): If a span starts before the one before it has ended.
    """
    # Suggesters give data of shape (0, 0) where there are no spans.
    bounds = to_numpy(spans.dataXd).reshape((-1, 2))
    owners = numpy.repeat(numpy.arange(len(docs)), to_numpy(spans.lengths))
    wrong = numpy.flatnonzero((owners[1:] == owners[:-1]) & (bounds[1:, 0] < bounds[:-1, 1]))
    if len(wrong):
        place = int(wrong[0])
        doc, before, after = docs[owners[place]], bounds[place].tolist(), bounds[place + 1].tolist()
        raise ValueError(
            "spacy-hat.SentenceChain.v1 labels spans that follow each other. Got, in document "
            f"{owners[place]} of the batch ({doc[:5].text!r}...): tokens {before[0]} to {before[1]}, and then tokens "
            f"{after[0]} to {after[1]}. Expected: each span to start where the one before it ends, or later. Set the "
            'suggester of this component to @misc = "spacy-hat.sentence_suggester.v1", or its [model] to '
            '"spacy-hat.SpanClassifier.v1", which takes any spans.'
        )
