"""Parts of a document: spans by the places of their characters, and sentences that it was given."""

from dataclasses import dataclass, field
from typing import Any

from ..choices import Join
from .labels import LabelRules

SPAN = '{"start": 0, "end": 9, "label": "..."}'
SENTENCE = '{"text": "...", "label": "..."}'
JOINS: dict[Join, str] = {"space": " ", "line": "\n", "paragraph": "\n\n"}
CharSpan = tuple[int, int, str]


@dataclass
class Sentences:
    """A text made of sentences.

    text (str): All of it.
    starts (list[int]): First character of each sentence.
    spans (list[CharSpan]): First character, one past the last, and label of each that has one.
    """

    text: str
    starts: list[int] = field(default_factory=list)
    spans: list[CharSpan] = field(default_factory=list)


def read_spans(place: str, spans: Any, n_chars: int, rules: LabelRules) -> list[CharSpan]:
    """Read annotated spans.

    place (str): Where the document stands, for messages.
    spans (Any): None for none, or a list of objects.
    n_chars (int): Length of the text.
    rules (LabelRules): How labels are spelled.
    RETURNS (list[CharSpan]): First character, one past the last, label.
    RAISES (ValueError): If they are something else, or lie outside of the text.
    """
    if spans is None:
        return []
    if not isinstance(spans, list):
        raise ValueError(f"{place} has 'spans': {spans!r}. Expected: a list of {SPAN}.")
    return [_read_span(place, span, n_chars, rules) for span in spans]


def _read_span(place: str, span: Any, n_chars: int, rules: LabelRules) -> CharSpan:
    if not isinstance(span, dict) or not {"start", "end", "label"} <= span.keys():
        raise ValueError(f"{place} has the span {span!r}. Expected: {SPAN}.")
    start, end = span["start"], span["end"]
    if not _is_whole(start) or not _is_whole(end):
        raise ValueError(f"{place} has a span from {start!r} to {end!r}. Expected: whole numbers of characters.")
    if not 0 <= start < end <= n_chars:
        raise ValueError(f"{place} has a span from {start} to {end}. Expected: within its {n_chars} characters.")
    return start, end, rules.clean(f"{place} in a span", span["label"])


def read_starts(place: str, starts: Any, n_chars: int) -> list[int] | None:
    """RETURNS (list[int] | None): Where given sentences start. RAISES (ValueError): If that cannot be."""
    if starts is None:
        return None
    if not isinstance(starts, list) or not all(_is_whole(start) for start in starts):
        raise ValueError(f"{place} has 'sentence_starts': {starts!r}. Expected: a list of whole numbers of characters.")
    if any(not 0 <= start < n_chars for start in starts) or starts != sorted(set(starts)):
        raise ValueError(f"{place} has sentence_starts that do not rise from 0 to {n_chars - 1}: {starts[:20]}.")
    return starts


def join_sentences(place: str, sentences: Any, rules: LabelRules, join: Join = "space") -> Sentences:
    """Make a text of the sentences it was given as.

    place (str): Where the document stands, for messages.
    sentences (Any): A list of {"text", "label"}, the label a string, a list of them, or null for none.
    rules (LabelRules): How labels are spelled.
    join (Join): What comes between sentences. With `line` and `paragraph`, the text alone tells where they begin.
    RETURNS (Sentences): The text, and where its sentences are. Empty sentences without a label are left out.
    RAISES (ValueError): If they are something else, or hold what is to come between them.
    """
    between, parts, made, start = JOINS[join], [], Sentences(""), 0
    for part, labels in _read_sentences(place, sentences, rules):
        if _has_break(part, join):
            raise ValueError(
                f"{place} has a sentence with a {join} break inside: {part[:60]!r}. Expected: none. Join sentences by "
                f"something else: --join {'paragraph' if join == 'line' else 'space'}"
            )
        made.starts.append(start)
        made.spans += [(start, start + len(part), label) for label in labels]
        parts.append(part)
        start += len(part) + len(between)
    made.text = between.join(parts)
    return made


def locate_sentences(place: str, text: str, sentences: Any, rules: LabelRules) -> Sentences:
    """Find sentences in the text that they are given with.

    place (str): Where the document stands, for messages.
    text (str): The text.
    sentences (Any): As in `join_sentences`; nothing but spaces may stand between them.
    rules (LabelRules): How labels are spelled.
    RETURNS (Sentences): The text as it is, and where its sentences are.
    RAISES (ValueError): If they are not those of the text.
    """
    found, end = Sentences(text), 0
    for part, labels in _read_sentences(place, sentences, rules):
        start = text.find(part, end)
        if start < 0 or text[end:start].strip():
            raise ValueError(
                f"{place} has a sentence that does not follow in its text: {part[:60]!r}. Got there: "
                f"{text[end:].strip()[:60]!r}. Expected: the sentences of the text, in order. Leave out one of the two."
            )
        end = start + len(part)
        found.starts.append(start)
        found.spans += [(start, end, label) for label in labels]
    if text[end:].strip():
        raise ValueError(f"{place} has text after its last sentence: {text[end:].strip()[:60]!r}. Expected: nothing.")
    return found


def _read_sentences(place: str, sentences: Any, rules: LabelRules) -> list[tuple[str, list[str]]]:
    """RETURNS (list[tuple[str, list[str]]]): Text, without spaces at its ends, and labels of each that has text."""
    if not isinstance(sentences, list):
        raise ValueError(f"{place} has 'sentences': {type(sentences).__name__}. Expected: a list of {SENTENCE}.")
    found = []
    for sentence in sentences:
        if not isinstance(sentence, dict) or not isinstance(sentence.get("text"), str):
            raise ValueError(f"{place} has the sentence {sentence!r}. Expected: {SENTENCE}.")
        part, label = sentence["text"].strip(), sentence.get("label")
        given = [] if label is None else label if isinstance(label, list) else [label]
        labels = rules.clean_all(f"{place} in a sentence", given)
        if part:
            found.append((part, labels))
        elif labels:
            raise ValueError(f"{place} has an empty sentence with the label {labels[0]!r}. Expected: text.")
    return found


def _has_break(part: str, join: Join) -> bool:
    lines = part.splitlines()
    return (join == "line" and len(lines) > 1) or (join == "paragraph" and not all(line.strip() for line in lines))


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
