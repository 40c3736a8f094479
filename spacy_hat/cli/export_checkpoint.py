"""`python -m spacy hat export`: an encoder and a head of a pipeline become a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ..machine.atomic_output import new_folder
from .output_place import refusal


def export_cli(
    pipeline: Annotated[str, typer.Argument(help="Folder or package name of a trained pipeline")],
    output: Annotated[Path, typer.Argument(help="Folder for the checkpoint")],
    component: Annotated[str | None, typer.Option(help="The categorizer to export, if there are several")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a checkpoint that is there")] = False,
) -> None:
    """
    Write the encoder and the head of a pipeline as Hugging Face's libraries have them, with the same probabilities: a
    text categorizer as HATForSequenceClassification, a span categorizer of sentences as
    HATForSequentialSentenceClassification.

    Example: python -m spacy hat export training/textcat/model-best my-finetuned-hat
    """
    if reason := refusal(pipeline, output, force=force):
        msg.fail(f"Cannot write to {output}", reason, exits=1)
    import spacy
    from rich.console import Console

    from ..checkpoints.export_head import export_checkpoint

    try:
        with Console(stderr=True).status(f"Reading {pipeline}"):
            exported = export_checkpoint(spacy.load(pipeline), component)
    except (ValueError, OSError) as error:
        msg.fail(f"Cannot export {pipeline}", str(error), exits=1)
    try:
        with new_folder(output) as folder:
            exported.to_disk(folder)
    except OSError as error:
        msg.fail(f"Cannot write to {output}", str(error), exits=1)
    head = exported.head
    rows = [(name, " x ".join(map(str, weight.shape))) for name, weight in head.weights.items()]
    msg.table(rows, header=(f"from {exported.component}", "shape"), divider=True, max_col=80)
    msg.info(f"Labels: {', '.join(head.labels)}")
    for note in exported.notes:
        msg.warn(note)
    name = "HATForSequenceClassification" if head.kind == "documents" else "HATForSequentialSentenceClassification"
    msg.good(f"Saved a {name} ({head.problem_type}) to {output}")
