"""`python -m spacy hat convert`: from CSV or JSONL to corpora in spaCy's format."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ..machine.atomic_output import new_file

INPUT_HELP = "Table with a header (.csv, .tsv), or a JSON object on each line (.jsonl, .ndjson)"
OUTPUT_HELP = "Folder for train.spacy, dev.spacy and test.spacy; or one .spacy file for all documents"
LABEL_HELP = "Column or key with the label of a document; in JSON it can also be a list of labels"
SEPARATOR_HELP = "What stands between the labels of a document in one column, such as '|'; else there is one label"


def convert_cli(
    source: Annotated[Path, typer.Argument(help=INPUT_HELP)],
    output: Annotated[Path, typer.Argument(help=OUTPUT_HELP)],
    text: Annotated[str, typer.Option(help="Column or key with the text")] = "text",
    label: Annotated[str, typer.Option(help=LABEL_HELP)] = "label",
    separator: Annotated[str, typer.Option(help=SEPARATOR_HELP)] = "",
    lang: Annotated[str, typer.Option("--lang", "-l", help="Code of the language, for its tokenizer")] = "en",
    dev: Annotated[float, typer.Option(min=0, max=1, help="Share of the documents for dev.spacy")] = 0.1,
    test: Annotated[float, typer.Option(min=0, max=1, help="Share of the documents for test.spacy")] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the split, in which each label is as frequent everywhere")] = 0,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace files that are there")] = False,
) -> None:
    """
    Make corpora for `spacy train` of documents with labels, or with labelled sentences.

    A line of JSONL is {"text": "...", "label": "..."} for a document; with "spans": [{"start": 0, "end": 9, "label":
    "..."}] for sentences by the places of their characters; or {"sentences": [{"text": "...", "label": "..."}, ...]},
    label null for none. Labels of documents go to doc.cats, of sentences to doc.spans["sc"].

    Example: python -m spacy hat convert contracts.csv corpus --text body --label kind

    Then look at it: python -m spacy hat debug corpus/train.spacy --hat models/hat
    """
    to_file = output.suffix == ".spacy"
    shares = {} if to_file else {name: share for name, share in (("dev", dev), ("test", test)) if share}
    if not source.is_file():
        msg.fail(f"Cannot convert {source}", "There is no such file. Expected a .csv, .tsv or .jsonl file.", exits=1)
    if sum(shares.values()) >= 1:
        msg.fail(f"Cannot convert {source}", f"dev and test leave nothing for train: {dev:g} + {test:g}", exits=1)
    targets = {name: output if to_file else output / f"{name}.spacy" for name in ("train", *shares)}
    if there := [str(target) for target in targets.values() if target.exists() and not force]:
        reason = f"{', '.join(there)} is there already. Choose another place, or replace it with --force."
        msg.fail(f"Cannot write to {output}", reason, exits=1)
    from rich.console import Console

    try:
        with Console(stderr=True).status(f"Reading {source}") as status:
            from spacy.tokens import DocBin

            from ..corpora.languages import blank
            from ..corpora.records import make_docs, read_records, split

            records = read_records(source, text=text, label=label, separator=separator)
            status.update(f"Tokenizing {len(records):,} documents")
            docs = dict(zip(map(id, records), make_docs(blank(lang), records), strict=True))
            parts = split(records, shares, seed)
            for name, target in targets.items():
                with new_file(target) as made:
                    DocBin(docs=[docs[id(record)] for record in parts[name]], store_user_data=True).to_disk(made)
    except (ValueError, OSError) as error:
        msg.fail(f"Cannot convert {source}", str(error), exits=1)
    for name, target in targets.items():
        msg.good(f"Saved {len(parts[name]):,} documents to {target}")
    n_labelled = sum(bool(record.labels) for record in records)
    n_spans = sum(len(record.spans) for record in records)
    msg.text(f"{n_labelled:,} of {len(records):,} documents have labels; {n_spans:,} sentences have.")
