"""What a pipeline said of a document, in plain values, or as a document of spaCy's own format."""

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from ..corpora import asked
from ..corpora.doc_bins import USER_KEY
from ..corpora.records import plain
from .documents import ID, Document
from .names import CATS, CHOICE, CHOICE_SCORES, ENTS, ERROR, EXPLANATION, SENTENCES, SPANS, VECTOR, carried_name


@dataclass(frozen=True)
class Answer:
    """What is written of one document.

    values (dict[str, Any]): Name of a column -> its value; those of the document itself are not among them.
    error (str): What went wrong; empty if nothing did.
    packed (bytes | None): The document in spaCy's own format, where that is wanted.
    n_pieces (int): How many pieces encoders read of it, about: they read several documents at once.
    """

    values: dict[str, Any]
    error: str = ""
    packed: bytes | None = None
    n_pieces: int = 0


def size_of(answer: Answer) -> int:
    """RETURNS (int): Bytes that an answer takes in memory, about."""
    return len(answer.packed or b"") + _size(answer.values)


def _size(value: Any) -> int:
    parts: Iterable[Any] = ()
    if isinstance(value, dict):
        parts = (part for item in value.items() for part in item)
    elif isinstance(value, list | tuple):
        if value and isinstance(value[0], float):  # a vector: its numbers are alike
            return sys.getsizeof(value) + len(value) * sys.getsizeof(value[0])
        parts = value
    return sys.getsizeof(value) + sum(map(_size, parts))


def values_of(doc: Doc, *, ents: bool, choices: bool, vectors: bool) -> dict[str, Any]:
    """Read an annotated document.

    doc (Doc): The document.
    ents (bool): Whether to give entities.
    choices (bool): Whether to give what was chosen among options, and their scores, in their order.
    vectors (bool): Whether to give vectors of the document and its sentences.
    RETURNS (dict[str, Any]): By names of columns.
    """
    values: dict[str, Any] = {
        CATS: {label: _number(score) for label, score in doc.cats.items()},
        SPANS: [span for key in doc.spans for span in _spans_of(doc, key)],
    }
    if ents:
        values[ENTS] = [_place(ent) for ent in doc.ents]
    if choices:
        values[CHOICE] = doc._.get(asked.CHOICE)
        values[CHOICE_SCORES] = [_number(score) for score in doc._.get(asked.CHOICE_SCORES) or ()]
    if vectors:
        values[VECTOR] = _vector(doc)
        sents: Iterable[Span] = doc.sents if doc.has_annotation("SENT_START") else ()
        values[SENTENCES] = [{"start": sent.start_char, "end": sent.end_char, VECTOR: _vector(sent)} for sent in sents]
    return values


def _spans_of(doc: Doc, key: str) -> list[dict[str, Any]]:
    group = doc.spans[key]
    scores = group.attrs.get("scores", ())
    # Of spancat_singlelabel, each score is an array of one.
    found = [_number(np.ravel(scores[i])[0]) if i < len(scores) else None for i in range(len(group))]
    return [{"key": key, **_place(span), "score": score} for span, score in zip(group, found, strict=True)]


def _place(span: Span) -> dict[str, Any]:
    return {"start": span.start_char, "end": span.end_char, "label": span.label_}


def _vector(of: Doc | Span) -> list[float]:
    vector: Any = of.vector
    return [float(one) for one in (vector.get() if hasattr(vector, "get") else vector)]


def _number(score: Any) -> float | None:
    number = float(score)
    return number if math.isfinite(number) else None


def pack(doc: Doc | None, document: Document, values: dict[str, Any], error: str) -> bytes:
    """Make a document of spaCy's own format, with everything else in `doc.user_data["hat"]`.

    doc (Doc | None): The annotated document; None if there is none. It loses its other user data.
    document (Document): What it was made of.
    values (dict[str, Any]): What is known of it.
    error (str): What went wrong.
    RETURNS (bytes): A DocBin with one document.
    """
    if doc is None:
        words = [document.text] if document.text else []
        doc = Doc(Vocab(), words=words, spaces=[False] * len(words))
    others = {name: values[name] for name in (CHOICE, CHOICE_SCORES, VECTOR, SENTENCES, EXPLANATION) if name in values}
    kept = {**carried(document), ID: document.id, **others} | ({ERROR: error} if error else {})
    doc.user_data = {USER_KEY: plain(kept)}
    return DocBin(docs=[doc], store_user_data=True).to_bytes()


def carried(document: Document) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What a row of the input has besides text and id, by names that are not ours."""
    return {carried_name(name): value for name, value in document.columns.items()}
