"""Explanations of a text that is not a Doc yet, by numbers and labels rather than spans."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..choices import Method
from .explanation import Explanation
from .methods import explain_labels
from .question import SpanMissingError, check_label

MANY_SENTENCES = 150
MOST_TAKEN_OUT, FEWEST_TAKEN_OUT = 40, 10
TOKENS_READ_AGAIN = 140_000
"""What taking sentences out of a long document may cost: each reads most of the others again."""


def n_taken_out(doc: Doc) -> int | None:
    """How many sentences of a document are taken out, unless the caller says so.

    doc (Doc): With sentences.
    RETURNS (int | None): Of up to 150 sentences all, None; of more, fewer the longer the document is.
    """
    n_sentences = len(list(doc.sents)) if doc.has_annotation("SENT_START") else 0
    if n_sentences <= MANY_SENTENCES:
        return None
    return min(MOST_TAKEN_OUT, max(FEWEST_TAKEN_OUT, TOKENS_READ_AGAIN // len(doc)))


def explain_text(
    nlp: Language,
    text: str,
    *,
    label: str | None = None,
    component: str | None = None,
    sentence: int | None = None,
    method: Method = "occlusion",
    exact: int | None = None,
    on_start: Callable[[int], Any] = lambda _: None,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> list[Explanation]:
    """Run a pipeline on a text, and explain what it decided.

    nlp (Language): The pipeline.
    text (str): The text, of any length.
    label (str | None): The label that comes first; None: the most probable one.
    component (str | None): Name of the classifier; None: the only one there is.
    sentence (int | None): The sentence whose label is explained, counted from 1; None: the document's.
    method (Method): How sentences are scored.
    exact (int | None): With `occlusion` of a document: how many of its sentences are taken out, the others keep an
        estimate; 0: all of them are. None: all of up to 150 sentences; of more, 10 to 40, fewer the
        longer the document is.
    on_start (Callable[[int], Any]): Called with the number of sentences.
    on_progress (Callable[[int], Any]): Called with how many more are scored.
    RETURNS (list[Explanation]): One for each label.
    RAISES (ValueError): If there is no such label, sentence or classifier, or nothing to explain.
    """
    if label is not None:
        _check_label(nlp, label, component, sentence)
    nlp.max_length = max(nlp.max_length, len(text) + 1)
    doc = nlp(text)
    sentences = list(doc.sents) if doc.has_annotation("SENT_START") else []
    if sentence is not None and not 1 <= sentence <= len(sentences):
        raise ValueError(f"There is no sentence {sentence}. Expected: a number from 1 to {len(sentences)}.")
    span = None if sentence is None else sentences[sentence - 1]
    on_start(len(sentences))
    if exact is None:
        exact = n_taken_out(doc)
    try:
        return explain_labels(
            nlp,
            doc,
            span=span,
            label=label,
            component=component,
            method=method,
            exact=exact or None,
            on_progress=on_progress,
        )
    except SpanMissingError as error:
        raise _sentence_missing(error) from None


def _check_label(nlp: Language, label: str, component: str | None, sentence: int | None) -> None:
    try:
        check_label(nlp, label, component=component, of_spans=sentence is not None)
    except SpanMissingError as error:
        raise _sentence_missing(error) from None


def _sentence_missing(error: SpanMissingError) -> ValueError:
    return ValueError(f"{error} On the command line, name a sentence: --sentence 1.")
