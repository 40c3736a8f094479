"""From files of documents to corpora in spaCy's format, with a count of everything that happened on the way."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spacy.tokens import DocBin

from ..choices import Form
from ..machine.atomic_output import new_file, new_folder
from ..machine.kinds import CORPORA, CORPUS, mark_corpora
from ..machine.places import check_place
from .docs import count_expanded, count_expanded_answers, labels_of, make_doc
from .languages import blank
from .records import Columns, Reading, Record, read_records
from .split import identity, split

ENDING = ".spacy"


@dataclass
class Part:
    """What was written to one corpus.

    file (Path): Where it is.
    n_docs (int): Its documents.
    labels (Counter): Label -> documents that have it.
    span_labels (Counter): Label -> spans that have it.
    asked (Counter): Questions, those without an answer, answers, documents with options, those whose right one is
        known; how many of each.
    """

    file: Path
    n_docs: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    span_labels: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)


@dataclass
class Conversion:
    """What became of the documents.

    parts (dict[str, Part]): Name -> what was written; `train` first.
    skipped (Counter): Reason -> documents that were left out.
    n_unlabelled (int): Documents without a label, a labelled span, a question or a right option.
    n_doubles (int): Documents whose text another one before them has; each is in the part of that one.
    n_contradictions (int): Those of them with other labels than that one.
    n_expanded (int): Spans that began or ended inside a token, and took in all of it.
    n_expanded_answers (int): Answers of which that is so.
    n_with_sentences (int): Documents whose sentences were given.
    notes (list[str]): What was changed in labels, in words.
    """

    parts: dict[str, Part]
    skipped: Counter[str]
    n_unlabelled: int
    n_doubles: int
    n_contradictions: int
    n_expanded: int
    n_expanded_answers: int
    n_with_sentences: int
    notes: list[str]


def convert(
    source: Path,
    output: Path,
    columns: Columns | None = None,
    *,
    form: Form | None = None,
    lang: str = "en",
    dev: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
    force: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> Conversion:
    """Make corpora of documents with labels.

    source (Path): A file, a folder, or `-` for stdin.
    output (Path): Folder for train.spacy, dev.spacy and test.spacy, which appears when it is complete; or one .spacy
        file for all documents.
    columns (Columns | None): Where texts and labels are.
    form (Form | None): How files are to be read; by their endings if None.
    lang (str): Code of the language, for its tokenizer.
    dev (float): Share of the documents for dev.spacy; 0 for none.
    test (float): Share of the documents for test.spacy; 0 for none.
    seed (int): Of the choice for `limit`, of the split, and of the order of documents.
    limit (int | None): Take so many documents, chosen at random; None: all.
    force (bool): Whether an earlier result may be replaced.
    notify (Callable[[str], None]): Called with what is being done.
    RETURNS (Conversion): The counts.
    RAISES (ValueError): If there is something else in a file, nothing to learn, or no place for the result.
    """
    to_file = output.suffix == ENDING
    shares = {} if to_file else {name: share for name, share in (("dev", dev), ("test", test)) if share}
    if sum(shares.values()) >= 1:
        raise ValueError(f"dev and test leave nothing for train: {dev:g} + {test:g}. Expected: less than 1 together.")
    check_place(output, CORPUS if to_file else CORPORA, force=force, sources=[source])
    nlp, reading = blank(lang), Reading()
    notify(f"Reading {source}")
    records = list(read_records(source, columns, form=form, reading=reading))
    _check_labels(source, records, columns or Columns(), reading)
    if limit is not None and limit < len(records):
        reading.skipped["beyond the limit"] = len(records) - limit
        records = random.Random(seed).sample(records, limit)
    parts = split(records, shares, seed)
    labels, with_spans = labels_of(records), any(record.spans for record in records)
    counts = Conversion({}, reading.skipped, 0, *_doubles(records), 0, 0, 0, reading.notes())

    def write(name: str, made: Path) -> None:
        part = counts.parts[name]
        doc_bin = DocBin(store_user_data=True)
        for record in parts[name]:
            doc = make_doc(nlp, record, labels, with_spans=with_spans)
            doc_bin.add(doc)
            part.n_docs += 1
            part.labels.update(record.labels)
            part.span_labels.update(label for _, _, label in record.spans)
            counts.n_expanded += count_expanded(doc, record)
            part.asked.update(_count_asked(record))
            counts.n_expanded_answers += count_expanded_answers(doc, record)
            counts.n_unlabelled += not record.is_labelled
            counts.n_with_sentences += record.sentence_starts is not None
        doc_bin.to_disk(made)

    notify(f"Tokenizing {len(records):,} documents")
    counts.parts = {name: Part(output if to_file else output / f"{name}{ENDING}") for name in parts}
    if to_file:
        with new_file(output) as made:
            write("train", made)
    else:
        with new_folder(output) as folder:
            for name in parts:
                write(name, folder / f"{name}{ENDING}")
            mark_corpora(folder)
    return counts


def _check_labels(source: Path, records: Sequence[Record], columns: Columns, reading: Reading) -> None:
    if not records:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in reading.skipped.items())
        raise ValueError(f"{source} has no documents to convert. Got: {reasons}. Expected: at least one with text.")
    if not any(record.is_labelled or record.false_labels for record in records):
        names = ", ".join([columns.text, *records[0].columns])
        raise ValueError(
            f"{source} has no labels. Got: {names}. Expected: {columns.label!r}, say. Name the column or key with "
            "labels: --label"
        )


def _count_asked(record: Record) -> dict[str, int]:
    """RETURNS (dict[str, int]): What a document is asked, and has to choose; nothing for one without either."""
    found = {}
    if record.questions:
        found["questions"] = len(record.questions)
        found["questions without an answer"] = sum(not question.answers for question in record.questions)
        found["answers"] = sum(len(question.answers) for question in record.questions)
    if record.choosable is not None:
        found["documents with options"] = 1
        found["documents whose right option is known"] = int(record.choosable.right is not None)
    return found


def _doubles(records: Sequence[Record]) -> tuple[int, int]:
    """RETURNS (tuple[int, int]): Documents whose text is another's, and those of them with other labels."""
    first: dict[str, Record] = {}
    doubles = [(record, one) for record in records if (one := first.setdefault(identity(record), record)) is not record]
    return len(doubles), sum(sorted(record.labels) != sorted(one.labels) for record, one in doubles)
