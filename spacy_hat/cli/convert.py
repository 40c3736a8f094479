"""`python -m spacy hat convert`: from documents as people have them to corpora in spaCy's format."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..choices import Form, Join
from . import screen
from .command import command

if TYPE_CHECKING:
    from ..corpora.convert import Conversion

INPUT_HELP = """\
A table with a header (.csv, .tsv, .ssv), a JSON object on each line (.jsonl, .ndjson), a list of them (.json),
.parquet, .spacy, or a folder: of such files, or of texts in a folder for each label. Forms of text also as .gz. - for
stdin"""
OUTPUT_HELP = "Folder for train.spacy, dev.spacy and test.spacy; or one .spacy file for all documents"
LABEL_HELP = "Column or key with the label of a document; in JSON also a list of labels, or scores of 0 and 1 by label"
SEPARATOR_HELP = "What stands between the labels of a document in one column, such as '|'; else there is one label"
GROUP_HELP = "Column or key with what a document belongs to (a case, an author): one group, one part"
JOIN_HELP = """\
What comes between sentences that are given without a text. With line or paragraph, the text tells where they begin:
init-config --units lines"""
LIMIT_HELP = "Take only so many documents, chosen at random"


@command("Cannot convert {source}")
def convert_cli(
    source: Annotated[Path, typer.Argument(help=INPUT_HELP, allow_dash=True)],
    output: Annotated[Path, typer.Argument(help=OUTPUT_HELP)],
    text: Annotated[str, typer.Option(help="Column or key with the text")] = "text",
    label: Annotated[str, typer.Option(help=LABEL_HELP)] = "label",
    separator: Annotated[str, typer.Option(help=SEPARATOR_HELP)] = "",
    group: Annotated[str | None, typer.Option(help=GROUP_HELP)] = None,
    join: Annotated[Join, typer.Option(help=JOIN_HELP)] = "space",
    form: Annotated[
        Form | None, typer.Option(help="Form of the files; told by their names if left out. stdin is then jsonl")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What stands between the columns of a table; else it is looked for")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", "-l", help="Code of the language, for its tokenizer")] = "en",
    dev: Annotated[float, typer.Option(min=0, max=1, help="Share of the documents for dev.spacy")] = 0.1,
    test: Annotated[float, typer.Option(min=0, max=1, help="Share of the documents for test.spacy")] = 0.1,
    seed: Annotated[
        int, typer.Option(help="Seed of the split, which gives every part each label as often, and of the order")
    ] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help=LIMIT_HELP)] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace corpora that are there")] = False,
) -> None:
    """
    Make corpora for `spacy train` of documents with labels, with labelled sentences, with questions or with options.

    An object of JSON is {"text": "...", "label": "..."} for a document; with "spans": [{"start": 0, "end": 9, "label":
    "..."}] for sentences by the places of their characters; or {"sentences": [{"text": "...", "label": "..."}, ...]},
    label null for none; or {"text": "...", "options": ["...", "..."], "answer": 0}, for a choice. What Prodigy writes
    is read too, and questions in the form of SQuAD. Labels of documents go to doc.cats, of sentences to
    doc.spans["sc"], given sentences to token.is_sent_start, questions to doc._.questions, their answers to
    doc.spans["answers"], options to doc._.options, everything else to doc.user_data["hat"].

    Example: python -m spacy hat convert contracts.csv corpus --text body --label kind

    Then look at it: python -m spacy hat debug corpus/train.spacy --hat models/hat
    """
    with screen.status(f"Reading {source}") as notify:
        from ..corpora.convert import convert
        from ..corpora.records import Columns

        columns = Columns(text, label, separator, group, delimiter, join)
        options = {"lang": lang, "dev": dev, "test": test, "seed": seed, "limit": limit, "force": force}
        found = convert(source, output, columns, form=form, notify=notify, **options)  # type: ignore[arg-type]
    print_conversion(found)


def print_conversion(found: "Conversion") -> None:
    """Print what was written, and what became of the rest."""
    for part in found.parts.values():
        screen.good(f"Saved {part.n_docs:,} documents to {part.file}")
    for what, counts in (
        ("label", {name: part.labels for name, part in found.parts.items()}),
        ("label of spans", {name: part.span_labels for name, part in found.parts.items()}),
        ("asked", {name: part.asked for name, part in found.parts.items()}),
    ):
        if labels := sorted({label for of_part in counts.values() for label in of_part}):
            rows = [(label, *(f"{of_part[label]:,}" for of_part in counts.values())) for label in labels]
            screen.table(rows, header=(what, *counts), aligns=("l", *"r" * len(counts)))
    for reason, count in found.skipped.items():
        screen.warn(f"{count:,} documents {reason} are left out.")
    if found.n_unlabelled:
        screen.warn(f"{found.n_unlabelled:,} documents have no label.")
    if found.n_doubles:
        screen.warn(
            f"{found.n_doubles:,} documents have the text of another one, and are in the same part; "
            f"{found.n_contradictions:,} of them have other labels than that."
        )
    if found.n_expanded:
        screen.warn(f"{found.n_expanded:,} spans begin or end inside a token, and take in all of it.")
    if found.n_expanded_answers:
        screen.warn(f"{found.n_expanded_answers:,} answers begin or end inside a token, and take in all of it.")
    if found.n_with_sentences:
        screen.info(f"{found.n_with_sentences:,} documents have sentences of their own, in token.is_sent_start.")
    for note in found.notes:
        screen.info(note)
