"""What both corpora share: writing their parts as DocBins, and the table that says what was written."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy
import spacy
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_hat.machine.atomic_output import new_folder
from spacy_hat.machine.kinds import CORPORA, mark_corpora
from spacy_hat.machine.places import check_place

# spaCy refuses texts of more than 1,000,000 characters, with parsers in mind (E088). Nothing here parses.
MAX_TEXT_LENGTH = 10_000_000

Parts = Mapping[str, list[Doc]]


def blank_english() -> Language:
    """The tokenizer of both corpora.

    RETURNS (Language): A blank English pipeline that takes texts of any length.
    """
    nlp = spacy.blank("en")
    nlp.max_length = MAX_TEXT_LENGTH
    return nlp


def progress_bar(console: Console) -> Progress:
    """The one look of every progress bar in the scripts.

    console (Console): Where it is drawn.
    RETURNS (Progress): A context manager; its columns are name, bar, count and time.
    """
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def write_parts(parts: Parts, folder: Path, *, user_data: bool = False) -> None:
    """Write each part as `folder/<part>.spacy`: all of them, or nothing. Earlier corpora of ours are replaced.

    parts (Mapping[str, list[Doc]]): The documents of train, dev and test.
    folder (Path): Made where it is missing.
    user_data (bool): Whether what extensions hold is written too, such as questions.
    RAISES (PlaceError): If the folder holds anything else.
    """
    check_place(folder, CORPORA, force=True)
    with new_folder(folder) as made:
        for part, docs in parts.items():
            DocBin(docs=docs, store_user_data=user_data).to_disk(made / f"{part}.spacy")
        mark_corpora(made)


def document_label(doc: Doc) -> Iterable[str]:
    """The positive labels of `doc.cats`."""
    return [label for label, score in doc.cats.items() if score > 0.5]


def sentence_labels(doc: Doc) -> Iterable[str]:
    """The label of each span of `doc.spans["sc"]`."""
    return [span.label_ for span in doc.spans["sc"]]


def counts_table(parts: Parts, title: str, labels_of: Callable[[Doc], Iterable[str]], unit: str) -> Table:
    """Count documents, words and labels of every part.

    parts (Mapping[str, list[Doc]]): The documents of train, dev and test.
    title (str): The table's title.
    labels_of (Callable[[Doc], Iterable[str]]): The labels of one document: of itself or of its sentences.
    unit (str): What carries a label, in the plural: "documents" or "sentences".
    RETURNS (Table): One column a part.
    """
    table = Table("", *parts, title=title)
    words = {part: [sum(not token.is_space for token in doc) for doc in docs] for part, docs in parts.items()}
    labels = {part: Counter(label for doc in docs for label in labels_of(doc)) for part, docs in parts.items()}
    table.add_row("documents", *(f"{len(docs):,}" for docs in parts.values()))
    table.add_row("words, mean", *(f"{numpy.mean(n or [0]):,.0f}" for n in words.values()))
    table.add_row("words, most", *(f"{max(n, default=0):,}" for n in words.values()))
    table.add_row(f"{unit} with a label", *(f"{sum(counts.values()):,}" for counts in labels.values()))
    for label in sorted(set().union(*labels.values())):
        table.add_row(f"  {label}", *(f"{counts[label]:,}" for counts in labels.values()))
    return table
