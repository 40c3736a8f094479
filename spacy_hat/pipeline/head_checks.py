"""What text and span categorizers would do in silence, found before they do it.

spaCy's SpanCategorizer ignores annotated spans that its suggester does not propose, and both kinds learn nothing of a
label that no document has. The component of the encoder asks this once, when a pipeline is initialized.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from spacy.language import Language
from spacy.pipeline import MultiLabel_TextCategorizer, SpanCategorizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from thinc.api import NumpyOps

from .heads import Head, heads_of, overwritten_by, reads_another, upstream_of
from .sentence_suggester import SentenceSuggester

# Layers that make the scores of our heads; stock ones have an attribute of that name, too.
OUTPUTS = ("scores", "linear_chain")
SENTENCE_ATTRIBUTES = {"token.is_sent_start", "doc.sents"}


def check_heads(nlp: Language, get_examples: Callable[[], Iterable[Example]]) -> None:
    """Check each text and span categorizer, and what the training documents hold for it.

    nlp (Language): The pipeline; components that are disabled, as frozen ones are meanwhile, are left out.
    get_examples (Callable[[], Iterable[Example]]): The training documents.
    RAISES (ValueError): If a head cannot learn what it is given. What it would ignore is warned of, with counts.
    """
    check_readers(nlp)
    counts = [HeadCounts(head, list(labels_of(nlp, head)), splitters_before(nlp, head)) for head in heads_of(nlp)]
    for of_head in counts:
        check_classes(of_head.head)
    n_docs = 0
    for example in get_examples() if counts else ():
        n_docs += 1
        for of_head in counts:
            of_head.add(example)
    # One document is what nlp.initialize makes up if it is given none.
    if n_docs > 1:
        for of_head in counts:
            of_head.report(n_docs)


def check_readers(nlp: Language) -> None:
    """RAISES (ValueError): If a component would read another encoder in prediction than in training."""
    for name in nlp.pipe_names:
        if other := overwritten_by(nlp, name):
            raise ValueError(reads_another(name, str(upstream_of(nlp, name)), other))


def labels_of(nlp: Language, head: Head) -> Iterable[str]:
    """RETURNS (Iterable[str]): The labels that a head is given, rather than finds in the data."""
    settings = nlp.config.interpolate()["initialize"]["components"].get(head.name, {})
    return registry.resolve({"labels": settings.get("labels")})["labels"] or ()


def splitters_before(nlp: Language, head: Head) -> list[Callable[[Doc], Doc]]:
    """RETURNS (list[Callable]): Components before a head that set sentences, and can do so before they are trained."""
    annotating = nlp.config["training"]["annotating_components"]
    before = nlp.pipeline[: [component for _, component in nlp.pipeline].index(head)]
    return [
        component
        for name, component in before
        if not getattr(component, "is_trainable", False)
        and (name in annotating or SENTENCE_ATTRIBUTES & set(nlp.get_pipe_meta(name).assigns))
    ]


def check_classes(head: Head) -> None:
    """Check that a head of this package scores labels as its component reads the scores.

    head (Head): The component.
    RAISES (ValueError): If one of the two has exclusive classes and the other has not.
    """
    if isinstance(head, SpanCategorizer):
        expected, other = head.add_negative_label, "spancat" if head.add_negative_label else "spancat_singlelabel"
    else:
        expected = not isinstance(head, MultiLabel_TextCategorizer)
        other = "textcat_multilabel" if expected else "textcat"
    for layer in head.model.walk():
        got = layer.attrs.get("exclusive_classes", expected) if layer.name in OUTPUTS else expected
        if got != expected:
            gives = "one label" if expected else "any number of labels"
            raise ValueError(
                f"Component '{head.name}' gives {gives} to each document or span. Got: a head with exclusive_classes = "
                f"{str(got).lower()}. Expected: {str(expected).lower()}. Correct it in [components.{head.name}.model], "
                f"or use the factory `{other}`."
            )


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
    labels: Counter = field(default_factory=Counter)
    """Label -> number of examples; 0 for one that is only ever false."""
    other_keys: Counter = field(default_factory=Counter)
    """Key in doc.spans, other than the component's -> number of spans."""
    n_spans: int = 0
    """Annotated spans that could be compared with sentences."""
    missed: list[str] = field(default_factory=list)
    """The text of those that equal none."""

    def add(self, example: Example) -> None:
        """Count one document."""
        if isinstance(self.head, SpanCategorizer):
            self._add_spans(example, self.head)
        else:
            self.labels.update({label: int(score > 0) for label, score in example.reference.cats.items()})

    def _add_spans(self, example: Example, head: SpanCategorizer) -> None:
        groups = example.reference.spans
        spans = list(groups.get(head.key, []))
        self.labels.update(span.label_ for span in spans)
        self.other_keys.update({key: len(group) for key, group in groups.items() if key != head.key})
        if not spans or not isinstance(head.suggester, SentenceSuggester):
            return
        doc = example.predicted.copy()
        for split in self.splitters:
            doc = split(doc)
        if doc.has_annotation("SENT_START"):
            suggested = {(start, end) for start, end in head.suggester([doc], ops=NumpyOps()).dataXd.tolist()}
            # As spancat does it: a span that cannot be aligned to the pipeline's tokens is lost too.
            aligned = example.get_aligned_spans_y2x(spans, allow_overlap=True)
            found = Counter(span.text for span in aligned if (span.start, span.end) in suggested)
            self.n_spans += len(spans)
            self.missed += (Counter(span.text for span in spans) - found).elements()

    def report(self, n_docs: int) -> None:
        """Say what is wrong. RAISES (ValueError): If nothing can be learned."""
        examples = {label for label, count in self.labels.items() if count}
        labels = {*self.head.labels, *self.given}
        if not examples:
            message = self._nothing(n_docs)
            if not labels:
                raise ValueError(message)
            _warn(message)
        elif without := sorted((labels | set(self.labels)) - examples):
            _warn(
                f"Component '{self.head.name}' has labels without examples: {', '.join(without)}. Got: none among "
                f"{n_docs} training documents. Expected: some of each, as it learns never to predict them. Annotate "
                "documents with them, or remove the labels."
            )
        if self.given and (unknown := sorted(examples - labels)):
            self._report_unknown(unknown)
        if self.missed:
            _warn(
                f"{len(self.missed):,} of {self.n_spans:,} annotated spans of component '{self.head.name}' equal no "
                f"sentence, and are ignored in training. Got, for instance: {self.missed[0][:100]!r}. Expected: the "
                "sentences that the pipeline itself finds. Annotate those, or let a component find yours (a "
                "`sentencizer` with other punct_chars, say), or choose another suggester."
            )

    def _nothing(self, n_docs: int) -> str:
        found = f"Component '{self.head.name}' has nothing to learn from. Got: {n_docs:,} training documents, none with"
        if not isinstance(self.head, SpanCategorizer):
            return f"{found} a label in doc.cats. Expected: labels. Annotate the documents, or remove the component."
        others = ", ".join(f"{key!r} ({count:,})" for key, count in sorted(self.other_keys.items())) or "no key at all"
        return (
            f"{found} spans in doc.spans[{self.head.key!r}]; there are spans under {others}. Expected: spans under its "
            f"spans_key, {self.head.key!r}. Set spans_key in [components.{self.head.name}] to the key of your spans."
        )

    def _report_unknown(self, unknown: list[str]) -> None:
        message = (
            f"Component '{self.head.name}' is given the labels {', '.join(self.given)} in [initialize]. Got: documents "
            f"with {', '.join(unknown)} as well. Expected: every label of the training documents. Add them to "
            f"`labels` in [initialize.components.{self.head.name}]"
        )
        if isinstance(self.head, SpanCategorizer):  # it would raise a KeyError, some time in training
            raise ValueError(f"{message}.")
        _warn(f"{message}; as it is, they are ignored.")


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=2)
