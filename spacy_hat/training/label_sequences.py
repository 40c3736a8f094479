"""The labels of a corpus as the sequences that a chain is counted and weighed on, and what a head makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch

from ..layers.sentence_chain import emissions
from ..pipeline.heads import Head, encoders_of, heads_of, upstream_of
from ..ragged import Ints1d

N_TOGETHER = 8
"""Documents whose output is in memory at a time."""


@dataclass(frozen=True)
class LabelSequences:
    """The right labels of the spans of some documents, as their head's suggester finds them.

    labels (Ints1d): (n_units,) of all documents, the negative label where a span has none.
    lengths (Ints1d): (n_docs,) how many spans each document has.
    """

    labels: Ints1d
    lengths: Ints1d

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class ScoredSequences(LabelSequences):
    """The same, and what the head makes of each span on its own.

    scores (NDArray): (n_units, n_labels) log probabilities.
    """

    scores: NDArray[np.float64]


def gold_sequences(nlp: Language, head: SpanCategorizer, examples: Iterable[Example]) -> LabelSequences:
    """Read the labels of documents, without running an encoder that only classifiers read.

    nlp (Language): The pipeline.
    head (SpanCategorizer): One of its components.
    examples (Iterable[Example]): Annotated documents.
    RETURNS (LabelSequences): Their labels.
    """
    classifiers = {other.name for other in heads_of(nlp)}
    read = {upstream_of(nlp, name) for name in nlp.pipe_names if name not in classifiers}
    skipped = classifiers | {encoder.component for encoder in encoders_of(nlp) if encoder.component not in read}
    labels, lengths = [], []
    for batch in minibatch(examples, N_TOGETHER):
        batch = [read_up_to(nlp, head, example, skipped) for example in batch]
        spans = head.suggester([example.predicted for example in batch], ops=head.model.ops)
        labels.append(_truth(head, batch, spans))
        lengths.append(head.model.ops.to_numpy(spans.lengths))
    return LabelSequences(np.concatenate(labels or [np.zeros(0, "int64")]), _joined(lengths))


def scored_sequences(nlp: Language, head: SpanCategorizer, examples: Iterable[Example]) -> ScoredSequences:
    """Read the labels of documents, and have the pipeline score their spans.

    nlp (Language): The pipeline.
    head (SpanCategorizer): One of its components, with a span head of this package.
    examples (Iterable[Example]): Annotated documents.
    RETURNS (ScoredSequences): Labels and scores.
    """
    labels, lengths, scores = [], [], []
    for batch in minibatch(examples, N_TOGETHER):
        batch = [read_up_to(nlp, head, example, set()) for example in batch]
        docs = [example.predicted for example in batch]
        spans = head.suggester(docs, ops=head.model.ops)
        labels.append(_truth(head, batch, spans))
        lengths.append(head.model.ops.to_numpy(spans.lengths))
        scores.append(head.model.ops.to_numpy(emissions(head.model, docs, spans)).astype("float64"))
    n_labels = head.model.get_dim("nO")
    found = np.concatenate([np.zeros((0, n_labels)), *scores])
    highest = found.max(axis=1, keepdims=True, initial=0.0)
    found -= highest + np.log(np.exp(found - highest).sum(axis=1, keepdims=True))
    return ScoredSequences(np.concatenate(labels or [np.zeros(0, "int64")]), _joined(lengths), found)


def read_up_to(nlp: Language, head: Head, example: Example, skipped: set[str]) -> Example:
    """Run the components before a head.

    nlp (Language): The pipeline.
    head (Head): One of its components.
    example (Example): An annotated document.
    skipped (set[str]): Names of components that need not run.
    RETURNS (Example): The document as the head finds it, and its annotation.
    """
    doc: Doc = example.predicted.copy()
    for name, component in nlp.pipeline:
        if component is head:
            break
        if name not in skipped:
            doc = component(doc)
    return Example(doc, example.reference)


def _truth(head: SpanCategorizer, examples: Sequence[Example], spans: object) -> Ints1d:
    """As the head's own loss has it, alignment and negative label included: the loss of scores of zero."""
    ops = head.model.ops
    n_spans = int(spans.lengths.sum())  # type: ignore[attr-defined]
    if not n_spans:
        return np.zeros(0, dtype="int64")
    _, d_scores = head.get_loss(examples, (spans, ops.alloc2f(n_spans, head._n_labels)))  # type: ignore[arg-type]
    # Where negative_weight is 0, spans without a label have a gradient of zeros.
    truth = -ops.to_numpy(d_scores)
    return np.where(truth.any(axis=1), truth.argmax(axis=1), head._n_labels - 1)


def _joined(lengths: Sequence[np.ndarray]) -> Ints1d:
    return np.concatenate([np.zeros(0, dtype="int64"), *lengths]).astype("int64")
