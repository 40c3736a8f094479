"""Which component is asked, about what, and all that can be wrong with the question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import SpanCategorizer, TextCategorizer
from spacy.tokens import Doc, Span
from thinc.api import Model, chain

from ..pipeline.heads import Head, encoder_of, has_chain, has_words, labelled_by, overwritten_by, reads_another
from .chained import ChainedSpans
from .encoded import Asked
from .head import ExplainedHead
from .words import BesideWords


class SpanMissingError(ValueError):
    """A span categorizer was asked about a document."""


@dataclass(frozen=True)
class Decision:
    """A classifier, and the document or span that it decided on.

    component (Head): The component.
    head (ExplainedHead): Its model, taken apart.
    doc (Doc): The document.
    span (Span | None): The span; None for a classifier of documents.
    """

    component: Head
    head: ExplainedHead
    doc: Doc
    span: Span | None

    @property
    def name(self) -> str:
        return self.component.name

    @property
    def labels(self) -> list[str]:
        return list(self.component.labels)

    def asked(self) -> Asked:
        """RETURNS (Asked): What it decided on, in numbers of tokens; with all spans of its chain, if there is one."""
        if self.span is None:
            return None
        if self.head.has_chain:
            return _in_chain(self.component, self.doc, self.span)
        return self.span.start, self.span.end

    def sentence_starts(self) -> np.ndarray:
        """RETURNS (ndarray): (n_sentences,) first token of each."""
        return np.array([sentence.start for sentence in self.doc.sents], dtype=np.int64)

    def column(self, label: str) -> int:
        """RETURNS (int): Where the label's score stands. RAISES (ValueError): If there is no such label."""
        return column_of(label, self.name, self.labels)


def find_decision(
    nlp: Language, doc: Doc, *, component: str | None, span: Span | None, label: str | None = None
) -> Decision:
    """Find the classifier, and check that the question can be answered.

    nlp (Language): The pipeline.
    doc (Doc): The document.
    component (str | None): Name of the classifier; None: the only one there is.
    span (Span | None): The span that is asked about; None for a document.
    label (str | None): The label that is asked about, which may tell classifiers apart.
    RETURNS (Decision): The classifier and what it decided on.
    RAISES (ValueError): If there is no such classifier or more than one, or the document has nothing to explain.
    """
    chosen = _choose(nlp, component, of_spans=span is not None, label=label)
    encoder = encoder_of(nlp, chosen.name)
    if encoder is None:
        raise ValueError(
            f"Component '{chosen.name}' reads no HAT. Got: no spacy-hat encoder that runs before it, among "
            f"{', '.join(nlp.component_names)}. Expected: a `hat` component, or a `transformer` with "
            '@architectures = "spacy-hat.HATModel.v1", not disabled. Explanations take the encoder apart, so it has '
            "to be one of spacy-hat."
        )
    if other := overwritten_by(nlp, chosen.name):
        raise ValueError(reads_another(chosen.name, encoder.component, other))
    decision = Decision(chosen, _taken_apart(chosen, encoder.layer), doc, span)
    _check_document(decision)
    decision.asked()
    return decision


def _taken_apart(component: Head, encoder: Model) -> ExplainedHead:
    """RETURNS (ExplainedHead): The model of a component, and the encoder that it reads."""
    classifier = component.model.layers[1]
    if has_words(component):
        return ExplainedHead(
            encoder, chain(*classifier.layers[:-1]), of_spans=False, beside=BesideWords.of(component.model)
        )
    return ExplainedHead(
        encoder, classifier, of_spans=labelled_by(component) == "spans", has_chain=has_chain(component)
    )


def check_label(nlp: Language, label: str, *, component: str | None, of_spans: bool) -> None:
    """Check a label before anything is run.

    nlp (Language): The pipeline.
    label (str): The label.
    component (str | None): Name of the classifier; None: the only one there is.
    of_spans (bool): Whether it is to be of a span, rather than of a document.
    RAISES (ValueError): If there is no such classifier, or it has no such label.
    """
    chosen = _choose(nlp, component, of_spans=of_spans, label=label)
    column_of(label, chosen.name, chosen.labels)


def check_classifier(nlp: Language, component: str | None) -> None:
    """Check that labels of documents can be explained, before any document is there.

    nlp (Language): The pipeline.
    component (str | None): Name of the classifier; None: the only one there is.
    RAISES (ValueError): If there is no such classifier.
    """
    _choose(nlp, component, of_spans=False, label=None)


def column_of(label: str, component: str, labels: Sequence[str]) -> int:
    """RETURNS (int): Where the label's score stands. RAISES (ValueError): If there is no such label."""
    if label not in labels:
        raise ValueError(
            f"Component '{component}' has no label {label!r}. Expected one of: {', '.join(labels)}. Name one of them, "
            "or another component with `component`."
        )
    return list(labels).index(label)


def _choose(nlp: Language, name: str | None, *, of_spans: bool, label: str | None) -> Head:
    """The component, which is one of our heads."""
    kind, wanted = ("span", "spancat") if of_spans else ("document", "textcat")
    type_wanted = SpanCategorizer if of_spans else TextCategorizer
    if name is not None:
        if name not in nlp.component_names:
            raise ValueError(
                f"The pipeline has no component '{name}'. Expected one of: {', '.join(nlp.component_names)}. "
                "Correct `component`."
            )
        component: Any = nlp.get_pipe(name)
        if labelled_by(component) and not isinstance(component, type_wanted):
            fix = "Leave `span` out" if of_spans else "Give the span too: explain(nlp, doc, label, span=span)"
            labels = "documents" if of_spans else "spans"
            error = ValueError if of_spans else SpanMissingError
            raise error(f"Component '{name}' labels {labels}. Got: a question about a {kind}. {fix}.")
        if not labelled_by(component):
            raise ValueError(_not_ours(kind, name, component))
        return component
    found = [component for _, component in nlp.components if isinstance(component, type_wanted)]
    ours = [component for component in found if labelled_by(component)]
    with_label = [component for component in ours if label is None or label in component.labels]
    if len(with_label) == 1 or len(ours) == 1:
        return (with_label or ours)[0]
    if ours:
        choices = with_label or ours
        raise ValueError(
            f"Several components classify {kind}s: {', '.join(c.name for c in choices)}. Got: no choice between them. "
            "Name one with `component`."
        )
    if found:
        raise ValueError(_not_ours(kind, found[0].name, found[0]))
    error = ValueError if of_spans else SpanMissingError
    raise error(
        f"The pipeline has no {kind} classifier to explain. Got: {', '.join(nlp.component_names) or 'no components'}. "
        f"Expected: a `{wanted}` component with a head of this package."
        + ("" if of_spans else " For a label of a sentence, give the span too: explain(nlp, doc, label, span=span).")
    )


def _not_ours(kind: str, name: str, component: Any) -> str:
    head = "SpanClassifier" if kind == "span" else "DocumentClassifier"
    model = getattr(getattr(component, "model", None), "name", "none")
    return (
        f"Component '{name}' cannot be explained. Got: a model named '{model}'. Expected: "
        f'"spacy-hat.{head}.v1" in [components.{name}.model], which reads whole segments. Train it with that head.'
    )


def _in_chain(component: Any, doc: Doc, span: Span) -> ChainedSpans:
    """The span among those of its chain, which may leave out the spaces at its ends."""
    ops = component.model.ops
    spans = ops.to_numpy(component.suggester([doc], ops=ops).dataXd).reshape(-1, 2).astype(np.int64)
    is_within = (spans[:, 0] >= span.start) & (spans[:, 1] <= span.end)
    (found,) = np.nonzero(is_within)
    n_words = sum(not token.is_space for token in span)
    if len(found) != 1 or sum(not token.is_space for token in doc[slice(*spans[found[0]])]) != n_words:
        raise ValueError(
            f"Component '{component.name}' labels the spans of its suggester together, in a chain. Got: "
            f"{span.text[:50]!r}, which is not one of them. Expected: one of the {len(spans)} that it suggests for "
            "this document, such as a sentence of doc.sents."
        )
    return ChainedSpans(spans, int(found[0]))


def _check_document(decision: Decision) -> None:
    """RAISES (ValueError): If there are no sentences to score, or the span is not one of the document's."""
    doc, span = decision.doc, decision.span
    if not doc.text.strip():
        raise ValueError(
            f"The document is empty or has only spaces. Got: {len(doc)} tokens. Expected: text to explain the label of."
        )
    if not doc.has_annotation("SENT_START"):
        raise ValueError(
            f"The document {doc[:5].text!r}... has no sentence boundaries, and explanations score sentences. Expected: "
            "a component that sets them. Put a `sentencizer` (or `senter`, or `parser`) into the pipeline, and run the "
            "document through it."
        )
    if span is not None and span.doc is not doc:
        raise ValueError(
            f"The span {span.text[:50]!r} is of another document. Expected: one of the document that is explained, "
            "such as one of doc.sents or doc.spans."
        )
