"""From records to annotated Docs, in the places where heads look for their labels."""

from collections.abc import Collection, Sequence
from typing import cast

from spacy.language import Language
from spacy.tokens import Doc, Span

from .asked import ANSWERS_KEY, CHOICE, OPTIONS, QUESTION, QUESTIONS, install_extensions
from .boundaries import set_sentence_starts, tokens_at
from .doc_bins import SPANS_KEY, USER_KEY
from .records import Record
from .spans import CharSpan

IDS_KEY = "question_ids"
"""Where `doc.user_data["hat"]` has what its questions are called, in order."""


def make_docs(nlp: Language, records: Sequence[Record]) -> list[Doc]:
    """Annotate documents for textcat, textcat_multilabel, spancat and spancat_singlelabel.

    nlp (Language): Its tokenizer is used.
    records (Sequence[Record]): The documents.
    RETURNS (list[Doc]): With every label of the records; see `make_doc`.
    RAISES (ValueError): If a span holds nothing but spaces.
    """
    labels, with_spans = labels_of(records), any(record.spans for record in records)
    return [make_doc(nlp, record, labels, with_spans=with_spans) for record in records]


def labels_of(records: Sequence[Record]) -> list[str]:
    """RETURNS (list[str]): Every label that a document has, or is said not to have."""
    return sorted({label for record in records for label in (*record.labels, *record.false_labels)})


def make_doc(nlp: Language, record: Record, labels: Collection[str], *, with_spans: bool) -> Doc:
    """Annotate one document.

    nlp (Language): Its tokenizer is used.
    record (Record): The document.
    labels (Collection[str]): Those of all documents.
    with_spans (bool): Whether any document has spans.
    RETURNS (Doc): Labels are in `doc.cats` (1.0 or 0.0), spans in `doc.spans["sc"]`, given sentences in
        `token.is_sent_start`, questions in `doc._.questions` and their answers in `doc.spans["answers"]`, labelled with
        them, options in `doc._.options` and the right one in `doc._.choice`, other columns in `doc.user_data["hat"]`.
        What begins or ends inside a token takes in all of it.
    RAISES (ValueError): If a span holds nothing but spaces.
    """
    doc = nlp.make_doc(record.text)
    doc.cats = {label: float(label in record.labels) for label in labels}
    if with_spans:
        doc.spans[SPANS_KEY] = [_to_tokens(doc, record.place, span) for span in record.spans]
    if record.sentence_starts is not None:
        set_sentence_starts(doc, tokens_at(doc, record.sentence_starts))
    columns = dict(record.columns)
    if record.questions:
        _ask(doc, record)
        if any(question.id for question in record.questions):
            columns[IDS_KEY] = [question.id for question in record.questions]
    if record.choosable is not None:
        install_extensions()
        doc._.set(OPTIONS, record.choosable.options)
        for name, value in ((CHOICE, record.choosable.right), (QUESTION, record.choosable.question)):
            if value:
                doc._.set(name, value)
    if columns:
        doc.user_data[USER_KEY] = columns
    return doc


def _ask(doc: Doc, record: Record) -> None:
    install_extensions()
    doc._.set(QUESTIONS, [question.text for question in record.questions])
    doc.spans[ANSWERS_KEY] = [
        _to_tokens(doc, record.place, (start, end, question.text))
        for question in record.questions
        for start, end in question.answers
    ]


def count_expanded(doc: Doc, record: Record) -> int:
    """RETURNS (int): Spans that begin or end inside a token of the document, and took in all of it."""
    return _n_expanded(doc, SPANS_KEY, record.spans)


def count_expanded_answers(doc: Doc, record: Record) -> int:
    """RETURNS (int): Answers that begin or end inside a token of the document, and took in all of it."""
    return _n_expanded(doc, ANSWERS_KEY, [(*answer, "") for one in record.questions for answer in one.answers])


def _n_expanded(doc: Doc, key: str, spans: Sequence[CharSpan]) -> int:
    trimmed = (_trim(doc.text, span) for span in spans)
    found = doc.spans.get(key, [])
    return sum((a.start_char, a.end_char) != b[:2] for a, b in zip(found, trimmed, strict=True))


def _trim(text: str, span: CharSpan) -> CharSpan:
    """A span without the spaces at its ends."""
    start, end, label = span
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip())), label


def _to_tokens(doc: Doc, place: str, span: CharSpan) -> Span:
    start, end, label = _trim(doc.text, span)
    if start >= end:
        raise ValueError(
            f"{place} has the span {doc.text[span[0] : span[1]]!r}, labelled {label!r}. Expected: more than spaces."
        )
    return cast(Span, doc.char_span(start, end, label=label, alignment_mode="expand"))  # it is within the text
