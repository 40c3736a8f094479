"""`python -m spacy hat import`: a fine-tuned HAT becomes a spaCy pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from ..choices import HeadTask, Leads, Packing, Pooling
from ..machine.atomic_output import new_folder
from ..machine.kinds import PIPELINE
from ..machine.places import check_place
from . import screen
from .command import command

CHECKPOINT_HELP = """\
Folder or hub name of a HATForSequenceClassification, HATForSequentialSentenceClassification, HATForQuestionAnswering or
HATForMultipleChoice"""
TASK_HELP = "The head's component, where problem_type in config.json does not say"
LANG_HELP = "Language of the pipeline [default: that of the checkpoint's processor, otherwise en]"
PACKING_HELP = "How sentences become segments [default: greedy for documents, sentences for sentences]"
POOLING_HELP = "How a document head pools segments, where the checkpoint does not say"
POSITIONS_HELP = "Whether document positions took part in its training, where config.json does not say"
LEADS_HELP = (
    "What a question or an option led in training: each segment, or the document, where config.json does not say"
)
NEGATIVE_HELP = "Label of a single-label sentence head that means none"


@command("Cannot import {checkpoint}")
def import_cli(
    checkpoint: Annotated[str, typer.Argument(help=CHECKPOINT_HELP)],
    output: Annotated[Path, typer.Argument(help="Folder for the pipeline")],
    task: Annotated[HeadTask | None, typer.Option(help=TASK_HELP)] = None,
    lang: Annotated[str | None, typer.Option(help=LANG_HELP)] = None,
    packing: Annotated[Packing | None, typer.Option(help=PACKING_HELP)] = None,
    pooling: Annotated[Pooling | None, typer.Option(help=POOLING_HELP)] = None,
    document_positions: Annotated[
        bool | None, typer.Option("--document-positions/--no-document-positions", help=POSITIONS_HELP)
    ] = None,
    negative_label: Annotated[str, typer.Option(help=NEGATIVE_HELP)] = "no_label",
    leads: Annotated[Leads | None, typer.Option(help=LEADS_HELP)] = None,
    revision: Annotated[str | None, typer.Option(help="Version of a hub model: branch, tag or commit")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a pipeline that is there")] = False,
) -> None:
    """
    Make a spaCy pipeline of a fine-tuned HAT, with the same probabilities: a sentencizer, the encoder, and a text
    categorizer for a head over documents, a span categorizer for one over sentences; or `hat_qa` or `hat_choice`,
    with an encoder of its own, for one that answers questions or chooses.

    Example: python -m spacy hat import my-finetuned-hat training/imported
    """
    check_place(output, PIPELINE, force=force, sources=[checkpoint])
    with screen.status(f"Reading {checkpoint}"):
        from ..checkpoints.import_head import import_checkpoint

        imported = import_checkpoint(
            checkpoint,
            task=task,
            lang=lang,
            packing=packing,
            pooling=pooling,
            document_positions=document_positions,
            negative_label=negative_label,
            leads=leads,
            revision=revision,
        )
    with new_folder(output) as folder:
        imported.nlp.to_disk(folder)
    rows = [*imported.went.items(), ("hi_transformer.…", "the encoder")]
    screen.table(rows, header=(checkpoint, f"in {imported.head}"))
    if imported.labels:
        screen.info(f"Labels: {', '.join(imported.labels)}")
    for note in imported.notes:
        screen.warn(note)
    screen.good(f"Saved a pipeline of {', '.join(imported.nlp.pipe_names)} to {output}")
