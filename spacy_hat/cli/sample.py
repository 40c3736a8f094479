"""`python -m spacy hat sample`: real documents to try everything with."""

from pathlib import Path
from typing import Annotated

import typer

from ..choices import SampleName
from ..machine.atomic_output import new_file
from ..machine.kinds import SAMPLE
from ..machine.places import check_place
from ..machine.streams import is_stdout
from . import screen
from .command import command

NAME_HELP = """\
licences: 200 licence texts, with the category of each (label), and its owner. docstrings: 150 of NumPy, with the
section of each sentence, and a group for those that are alike"""


@command("Cannot write the sample")
def sample_cli(
    output_file: Annotated[Path, typer.Argument(help="File for the documents (.jsonl), or - for stdout")],
    name: Annotated[SampleName, typer.Option("--name", "-n", help=NAME_HELP)] = "licences",
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a sample that is there")] = False,
) -> None:
    """
    Write real documents to a file, to try everything with before your own are ready. They come with the package.

    Example: python -m spacy hat sample licences.jsonl

    Then make corpora of them: python -m spacy hat convert licences.jsonl corpus --group owner
    """
    check_place(output_file, SAMPLE, force=force)
    from ..samples.documents import ABOUT, read_sample

    documents = read_sample(name)
    with new_file(output_file) as made:
        made.write_bytes(documents)
    if not is_stdout(output_file):
        n_docs = documents.count(b"\n")
        screen.good(f"Saved {n_docs:,} documents to {output_file}: {ABOUT[name]}")
