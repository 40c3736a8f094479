"""`python -m spacy hat export`: an encoder and a head of a pipeline become a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer

from ..machine.atomic_output import new_folder
from ..machine.kinds import CHECKPOINT
from ..machine.places import check_place
from . import screen
from .command import command


@command("Cannot export {pipeline}")
def export_cli(
    pipeline: Annotated[str, typer.Argument(help="Folder or package name of a trained pipeline")],
    output: Annotated[Path, typer.Argument(help="Folder for the checkpoint")],
    component: Annotated[str | None, typer.Option(help="The component to export, if there are several")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a checkpoint that is there")] = False,
) -> None:
    """
    Write the encoder and the head of a pipeline as Hugging Face's libraries have them, with the same probabilities: a
    text categorizer as HATForSequenceClassification, a span categorizer of sentences as
    HATForSequentialSentenceClassification, `hat_qa` as HATForQuestionAnswering, `hat_choice` as HATForMultipleChoice.

    Example: python -m spacy hat export training/textcat/model-best my-finetuned-hat
    """
    check_place(output, CHECKPOINT, force=force, sources=[pipeline])
    with screen.status(f"Reading {pipeline}"):
        from ..checkpoints.export_head import export_checkpoint
        from ..pipeline.loading import load_pipeline

        exported = export_checkpoint(load_pipeline(pipeline), component)
    with new_folder(output) as folder:
        exported.to_disk(folder)
    rows = [(name, " x ".join(map(str, weight.shape))) for name, weight in exported.head.weights.items()]
    screen.table(rows, header=(f"from {exported.component}", "shape"))
    if exported.head.labels:
        screen.info(f"Labels: {', '.join(exported.head.labels)}")
    for note in exported.notes:
        screen.warn(note)
    kind = f" ({exported.head.problem_type})" if exported.head.problem_type else ""
    screen.good(f"Saved a {exported.head.class_name}{kind} to {output}")
