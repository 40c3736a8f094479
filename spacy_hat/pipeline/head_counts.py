"""What the training documents hold for one text or span categorizer, and what it cannot learn from them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from spacy.pipeline import MultiLabel_TextCategorizer, SpanCategorizer, TextCategorizer
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import NumpyOps

from .findings import Finding, Severity
from .heads import Head
from .sentence_suggester import SentenceSuggester

MOST_LOST = 0.1
"""Share of annotated spans that equal no sentence, beyond which training is not worth beginning."""


@dataclass
class HeadCounts:
    """What the training documents hold for one head.

    head (Head): The component.
    given (list[str]): Labels that it is given in [initialize]; others are then not added.
    splitters (list[Callable]): Set the sentences that its suggester will find.
    """

    head: Head
    given: list[str]
    splitters: list[Callable[[Doc], Doc]]
    n_docs: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    """Label -> number of examples; 0 for one that is only ever false."""
    always: set[str] | None = None
    """Labels that are true of every document that has any annotation; None before the first."""
    other_keys: Counter[str] = field(default_factory=Counter)
    """Key in doc.spans, other than the component's -> number of spans."""
    n_spans: int = 0
    """Annotated spans that could be compared with sentences."""
    n_unlabelled: int = 0
    """Sentences that equal no annotated span."""
    missed: list[str] = field(default_factory=list)
    """The text of spans that equal no sentence."""
    n_given: int = 0
    """How many of those are sentences that their document was given."""

    def add(self, example: Example) -> None:
        """Count one document."""
        self.n_docs += 1
        if isinstance(self.head, SpanCategorizer):
            self._add_spans(example, self.head)
        elif cats := example.reference.cats:
            self.labels.update({label: int(score > 0) for label, score in cats.items()})
            true = {label for label, score in cats.items() if score > 0}
            self.always = true if self.always is None else self.always & true

    def _add_spans(self, example: Example, head: SpanCategorizer) -> None:
        groups = example.reference.spans
        spans = list(groups.get(head.key, []))
        self.labels.update(span.label_ for span in spans)
        self.other_keys.update({key: len(group) for key, group in groups.items() if key != head.key})
        if spans and isinstance(head.suggester, SentenceSuggester):
            self._compare_with_sentences(example, spans, head.suggester)

    def _compare_with_sentences(self, example: Example, spans: list[Span], suggester: SentenceSuggester) -> None:
        doc = example.predicted.copy()
        for split in self.splitters:
            doc = split(doc)
        if not doc.has_annotation("SENT_START"):
            return
        suggested = {(start, end) for start, end in suggester([doc], ops=NumpyOps()).dataXd.tolist()}
        # As spancat does it: a span that cannot be aligned to the pipeline's tokens is lost too.
        aligned = example.get_aligned_spans_y2x(spans, allow_overlap=True)
        equal = [span for span in aligned if (span.start, span.end) in suggested]
        self.n_spans += len(spans)
        self.n_unlabelled += len(suggested - {(span.start, span.end) for span in equal})
        missed = Counter(span.text for span in spans) - Counter(span.text for span in equal)
        self.missed += missed.elements()
        if missed and example.reference.has_annotation("SENT_START"):
            self.n_given += (missed & Counter(sent.text.strip() for sent in example.reference.sents)).total()

    def findings(self, *, complete: bool = True) -> list[Finding]:
        """Say what is wrong.

        complete (bool): Whether every training document was counted. Otherwise, nothing is said of what there is not.
        RETURNS (list[Finding]): The findings.
        """
        found = [*self._lost_spans(), *self._unknown_labels()]
        return [*self._absent(), *found] if complete else found

    def _absent(self) -> list[Finding]:
        examples = {label for label, count in self.labels.items() if count}
        labels = {*self.head.labels, *self.given}
        if not examples:
            severity: Severity = "wastes" if labels else "stops"
            return [self._finding("nothing to learn", severity, self._nothing(), n_docs=self.n_docs)]
        found = []
        if without := sorted((labels | set(self.labels)) - examples):
            message = (
                f"Component '{self.head.name}' has labels without examples: {', '.join(without)}. Got: none among "
                f"{self.n_docs} training documents. Expected: some of each, as it learns never to predict them. "
                "Annotate documents with them, or remove the labels."
            )
            found.append(self._finding("labels without examples", "may be meant", message, n_labels=len(without)))
        return [*found, *self._constant(examples, labels | set(self.labels))]

    def _constant(self, examples: set[str], labels: set[str]) -> list[Finding]:
        """What needs no learning, as it is always the same."""
        name = self.head.name
        if isinstance(self.head, SpanCategorizer):
            if len(examples) > 1 or self.n_unlabelled or self.n_spans == len(self.missed):
                return []
            message = (
                f"Component '{name}' has nothing to tell apart: each sentence of the annotated documents is labelled "
                f"{next(iter(examples))!r}. Got: one label and no other sentence. Expected: sentences that differ. "
                "Annotate other labels, or leave the sentences out that are nothing in particular."
            )
            return [self._finding("always the same", "wastes", message, n_spans=self.n_spans)]
        exclusive = not isinstance(self.head, MultiLabel_TextCategorizer)
        if exclusive and len(labels) < 2:
            message = (
                f"Component '{name}' has one label. Got: {', '.join(sorted(labels))} only. Expected: at least two, of "
                "which each document has one. Annotate the other documents with a label too, or use the factory "
                "`textcat_multilabel` for a label that is there or not."
            )
            return [self._finding("one label", "stops", message, n_docs=self.n_docs)]
        always = sorted(self.always or ())
        if not always:
            return []
        wastes = len(examples) == len(always)
        message = (
            f"Component '{name}' has labels that are true of every document: {', '.join(always)}. Got: no "
            f"counterexample among {self.n_docs:,} training documents. Expected: documents with and without each "
            "label. It learns to predict them always. Annotate documents without them, or remove the labels."
        )
        return [self._finding("always the same", "wastes" if wastes else "may be meant", message, n_docs=self.n_docs)]

    def _nothing(self) -> str:
        found = f"Component '{self.head.name}' has nothing to learn from. Got: {self.n_docs:,} training documents, none"
        if not isinstance(self.head, SpanCategorizer):
            return (
                f"{found} with a label in doc.cats. Expected: labels. Annotate the documents, or remove the component."
            )
        others = ", ".join(f"{key!r} ({count:,})" for key, count in sorted(self.other_keys.items())) or "no key at all"
        key = self.head.key
        return (
            f"{found} with spans in doc.spans[{key!r}]; there are spans under {others}. Expected: spans under its "
            f"spans_key, {key!r}. Set spans_key in [components.{self.head.name}] to the key of your spans."
        )

    def _unknown_labels(self) -> list[Finding]:
        examples = {label for label, count in self.labels.items() if count}
        unknown = sorted(examples - {*self.head.labels, *self.given}) if self.given else []
        if not unknown:
            return []
        message = (
            f"Component '{self.head.name}' is given the labels {', '.join(self.given)} in [initialize]. Got: documents "
            f"with {', '.join(unknown)} as well. Expected: every label of the training documents. Add them to "
            f"`labels` in [initialize.components.{self.head.name}]"
        )
        # A span categorizer would raise a KeyError, some time in training.
        stops = isinstance(self.head, SpanCategorizer)
        message += "." if stops else "; as it is, they are ignored."
        return [self._finding("unknown labels", "stops" if stops else "may be meant", message, n_labels=len(unknown))]

    def _lost_spans(self) -> list[Finding]:
        if not self.missed:
            return []
        n_lost = len(self.missed)
        message = (
            f"{n_lost:,} of {self.n_spans:,} annotated spans of component '{self.head.name}' equal no sentence, and "
            f"are ignored in training. Got, for instance: {self.missed[0][:100]!r}. Expected: the sentences that the "
            f"pipeline itself finds. {self._remedy()}"
        )
        severity: Severity = "wastes" if n_lost > MOST_LOST * self.n_spans else "may be meant"
        return [self._finding("lost spans", severity, message, n_spans=self.n_spans, n_lost=n_lost)]

    def _remedy(self) -> str:
        if self.n_given > len(self.missed) / 2:
            return (
                f"{self.n_given:,} of them are sentences that their document was given: let the pipeline keep those, "
                'with a `hat_units` component (unit = "given"; spacy hat init-config --units given).'
            )
        return (
            "Annotate those, or let a component find yours: `hat_units` for lines, paragraphs, headings, list items or "
            "a pattern (spacy hat init-config --units lines), a `sentencizer` with other punct_chars. Or choose "
            "another suggester."
        )

    def _finding(self, kind: str, severity: Severity, message: str, **counts: int) -> Finding:
        return Finding(kind, severity, message, self.head.name, counts)


def is_exclusive(head: Head) -> bool:
    """RETURNS (bool): Whether a component gives one label to each document or span."""
    if isinstance(head, SpanCategorizer):
        return bool(head.add_negative_label)
    assert isinstance(head, TextCategorizer)
    return not isinstance(head, MultiLabel_TextCategorizer)
