"""From the rows of a table or a JSONL file to annotated Docs, in the places where heads look for their labels."""

import csv
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from spacy.language import Language
from spacy.tokens import Doc, Span

FORMS = ".csv, .tsv, .jsonl or .ndjson"
SPANS_KEY = "sc"


@dataclass(frozen=True)
class Record:
    """One document as it was found.

    place (str): File and line, for messages.
    text (str): All of it.
    labels (list[str]): Of the document.
    spans (list[tuple[int, int, str]]): First character, one past the last, label.
    """

    place: str
    text: str
    labels: list[str]
    spans: list[tuple[int, int, str]]


def read_records(path: Path, *, text: str = "text", label: str = "label", separator: str = "") -> list[Record]:
    """Read a file of documents.

    path (Path): A table with a header (.csv, .tsv), or a JSON object on each line (.jsonl, .ndjson).
    text (str): Name of the column, or of the key, with the text. In JSON, `sentences` can stand in its place: a list of
        {"text", "label"}, label null for none, which are joined by spaces.
    label (str): Name of that with the label of the document: a string, in JSON also a list of them. It may be missing.
        In JSON, `spans` can be beside it: a list of {"start", "end", "label"} with places of characters.
    separator (str): What stands between several labels of one column; none if empty.
    RETURNS (list[Record]): The documents.
    RAISES (ValueError): If there is something else in the file; the message has its line.
    """
    is_table = path.suffix in (".csv", ".tsv")
    if not is_table and path.suffix not in (".jsonl", ".ndjson"):
        raise ValueError(f"{path} has the ending {path.suffix!r}. Expected: {FORMS}.")
    try:
        found = list(_rows(path, text) if is_table else _objects(path))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 ({error.reason} at byte {error.start}). Save it as UTF-8.") from None
    if not found:
        raise ValueError(f"{path} holds no documents. Expected: one on each line{' after the header' * is_table}.")
    records = [_record(place, values, text, label, separator) for place, values in found]
    if not any(record.labels or record.spans for record in records):
        names = ", ".join(found[0][1])
        raise ValueError(
            f"{path} has no labels. Got: {names}. Expected: {label!r}, say. Name the one with labels: --label"
        )
    return records


def _rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    csv.field_size_limit(2**31 - 1)  # the default refuses a field of 131,072 characters
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
        if text not in (rows.fieldnames or ()):
            columns = ", ".join(rows.fieldnames or ()) or "none"
            raise ValueError(f"{path} has no column {text!r}. Got: {columns}. Name the one with the text: --text")
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise ValueError(f"{path}, line {rows.line_num + 1}: {error}. Expected: quoted as CSV.") from None
            if row is None:
                return
            place = f"{path}, line {rows.line_num}"
            if None in row or None in row.values():
                raise ValueError(
                    f"{place} has another number of columns than the header. Expected: {len(rows.fieldnames or ())}. "
                    "Quote texts that hold the delimiter."
                )
            yield place, row


def _objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            place = f"{path}, line {number}"
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{place} is no JSON ({error}). Expected: an object on each line.") from None
            if not isinstance(values, dict):
                raise ValueError(f"{place} is {type(values).__name__}, expected an object: {{...}}.")
            yield place, values


def _record(place: str, values: dict[str, Any], text: str, label: str, separator: str) -> Record:
    content = values.get(text)
    spans: list[tuple[int, int, str]] = []
    if content is None and "sentences" in values:
        content, spans = _join(place, values["sentences"])
    if not isinstance(content, str):
        raise ValueError(f"{place} has no {text!r}. Got: {', '.join(values)}. Expected: the text, a string (--text).")
    for span in values.get("spans") or ():
        spans.append(_span(place, span, len(content)))
    labels = values.get(label) or []
    if isinstance(labels, str):
        labels = [part.strip() for part in (labels.split(separator) if separator else [labels]) if part.strip()]
    if not isinstance(labels, list) or not all(isinstance(part, str) for part in labels):
        raise ValueError(f"{place} has {label!r}: {labels!r}. Expected: a string, or a list of strings.")
    return Record(place, content, labels, spans)


def _join(place: str, sentences: Any) -> tuple[str, list[tuple[int, int, str]]]:
    """Join sentences by spaces. RETURNS (Tuple): The text, and a span for each that has a label."""
    parts: list[str] = []
    spans, start = [], 0
    if not isinstance(sentences, list):
        raise ValueError(f"{place} has 'sentences': {type(sentences).__name__}. Expected: a list.")
    for sentence in sentences:
        if not isinstance(sentence, dict) or not isinstance(sentence.get("text"), str):
            raise ValueError(f'{place} has the sentence {sentence!r}. Expected: {{"text": "...", "label": "..."}}.')
        part = sentence["text"].strip()
        if sentence.get("label") is not None:
            spans.append((start, start + len(part), str(sentence["label"])))
        parts.append(part)
        start += len(part) + 1
    return " ".join(parts), spans


def _span(place: str, span: Any, n_chars: int) -> tuple[int, int, str]:
    try:
        start, end, label = int(span["start"]), int(span["end"]), str(span["label"])
    except (TypeError, KeyError, ValueError):
        raise ValueError(f'{place} has the span {span!r}. Expected: {{"start": 0, "end": 9, "label": "…"}}.') from None
    if not 0 <= start < end <= n_chars:
        raise ValueError(f"{place} has a span from {start} to {end}. Expected: within its {n_chars} characters.")
    return start, end, label


def make_docs(nlp: Language, records: Sequence[Record]) -> list[Doc]:
    """Annotate documents for textcat, textcat_multilabel, spancat and spancat_singlelabel.

    nlp (Language): Its tokenizer is used.
    records (Sequence[Record]): The documents.
    RETURNS (list[Doc]): With every label of the records in `doc.cats` (1.0 or 0.0), if any has one, and spans in
        `doc.spans["sc"]`, if any record has some. A span that ends inside a token takes in all of it.
    RAISES (ValueError): If a span holds nothing but spaces.
    """
    labels = sorted({label for record in records for label in record.labels})
    with_spans = any(record.spans for record in records)
    docs = []
    for record in records:
        doc = nlp.make_doc(record.text)
        doc.cats = {label: float(label in record.labels) for label in labels}
        if with_spans:
            doc.spans[SPANS_KEY] = [_to_tokens(doc, record.place, *span) for span in record.spans]
        docs.append(doc)
    return docs


def _to_tokens(doc: Doc, place: str, start: int, end: int, label: str) -> Span:
    """A span without the spaces at its ends, which no sentence of the sentencizer's begins with."""
    text = doc.text[start:end]
    start, end = start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
    if start >= end:
        raise ValueError(f"{place} has the span {text!r}, labelled {label!r}. Expected: more than spaces.")
    return cast(Span, doc.char_span(start, end, label=label, alignment_mode="expand"))  # it is within the text


def split(records: Sequence[Record], shares: dict[str, float], seed: int = 0) -> dict[str, list[Record]]:
    """Deal documents out, each label as evenly as possible.

    records (Sequence[Record]): The documents.
    shares (dict[str, float]): Name -> share of the documents; what is left is `train`.
    seed (int): Of the shuffling.
    RETURNS (dict[str, list[Record]]): Name -> documents, `train` first, in the order of `records`.
    RAISES (ValueError): If the shares leave no document for `train`, or none for a share.
    """
    order = list(range(len(records)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda i: records[i].labels)  # stable: shuffled among those with the same labels
    dealt: dict[str, list[int]] = {"train": [], **{name: [] for name in shares}}
    due = dict.fromkeys(shares, 0.5)  # half a document ahead, so that rounding goes either way
    for i in order:
        due = {name: amount + shares[name] for name, amount in due.items()}
        name = max(due, key=lambda name: due[name], default="train")
        if not due or due[name] < 1:
            name = "train"
        else:
            due[name] -= 1
        dealt[name].append(i)
    for name, dealt_to in dealt.items():
        if not dealt_to:
            raise ValueError(
                f"{len(records)} documents leave none for {name}. Expected: at least one each. Lower the shares "
                f"({', '.join(f'{name} {share:g}' for name, share in shares.items())}), or split without them."
            )
    return {name: [records[i] for i in sorted(dealt_to)] for name, dealt_to in dealt.items()}
