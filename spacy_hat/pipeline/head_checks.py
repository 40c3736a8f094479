"""What text and span categorizers would do in silence, found before they do it.

spaCy's SpanCategorizer ignores annotated spans that its suggester does not propose, and both kinds learn nothing of a
label that no document has. The component of the encoder asks this once, when a pipeline is initialized.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator

from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from .findings import Finding, HeadError, HeadWarning
from .head_counts import HeadCounts, is_exclusive
from .heads import Head, heads_of, overwritten_by, reads_another, upstream_of

# Layers that make the scores of our heads; stock ones have an attribute of that name, too.
OUTPUTS = ("scores", "linear_chain")
SENTENCE_ATTRIBUTES = {"token.is_sent_start", "doc.sents"}


def check_heads(nlp: Language, get_examples: Callable[[], Iterable[Example]]) -> None:
    """Check each text and span categorizer, and what the training documents hold for it.

    nlp (Language): The pipeline; components that are disabled, as frozen ones are meanwhile, are left out.
    get_examples (Callable[[], Iterable[Example]]): The training documents.
    RAISES (HeadError): If a head cannot learn what it is given. What it would ignore is warned of, with counts.
    """
    for finding in [*reader_findings(nlp), *class_findings(nlp)]:
        raise HeadError(finding)
    counts = counts_for(nlp)
    n_docs = 0
    for example in get_examples() if counts else ():
        n_docs += 1
        for head_counts in counts:
            head_counts.add(example)
    # One document is what nlp.initialize makes up if it is given none.
    for head_counts in counts if n_docs > 1 else ():
        for finding in head_counts.findings():
            if finding.severity == "stops":
                raise HeadError(finding)
            warnings.warn(HeadWarning(finding), stacklevel=2)


def counts_for(nlp: Language) -> list[HeadCounts]:
    """RETURNS (list[HeadCounts]): For each text and span categorizer, in order; nothing is counted yet."""
    return [HeadCounts(head, list(labels_of(nlp, head)), splitters_before(nlp, head)) for head in heads_of(nlp)]


def reader_findings(nlp: Language) -> Iterator[Finding]:
    """YIELDS (Finding): Components that would read another encoder in prediction than in training."""
    for name in nlp.pipe_names:
        if other := overwritten_by(nlp, name):
            message = reads_another(name, str(upstream_of(nlp, name)), other)
            yield Finding("another encoder between", "stops", message, name)


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


def class_findings(nlp: Language) -> Iterator[Finding]:
    """YIELDS (Finding): Heads of this package that score labels otherwise than their component reads the scores."""
    for head in heads_of(nlp):
        expected = is_exclusive(head)
        for layer in head.model.walk():
            got = layer.attrs.get("exclusive_classes", expected) if layer.name in OUTPUTS else expected
            if got != expected:
                gives = "one label" if expected else "any number of labels"
                message = (
                    f"Component '{head.name}' gives {gives} to each document or span. Got: a head with "
                    f"exclusive_classes = {str(got).lower()}. Expected: {str(expected).lower()}. Correct it in "
                    f"[components.{head.name}.model], or use the factory `{other_factory(head)}`."
                )
                yield Finding("exclusive classes", "stops", message, head.name)


def other_factory(head: Head) -> str:
    """RETURNS (str): The factory for as many labels as this component does not give."""
    if isinstance(head, SpanCategorizer):
        return "spancat" if is_exclusive(head) else "spancat_singlelabel"
    return "textcat_multilabel" if is_exclusive(head) else "textcat"
