"""`python -m spacy hat import`: a fine-tuned HAT becomes a spaCy pipeline."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ..choices import HeadTask, Packing, Pooling
from ..machine.atomic_output import new_folder
from .output_place import refusal

TASK_HELP = "The head's component, where problem_type in config.json does not say"
POSITIONS_HELP = "Whether document positions took part in its training, where config.json does not say"
NEGATIVE_HELP = "Label of a single-label sentence head that means none"


def import_cli(
    checkpoint: Annotated[
        str,
        typer.Argument(
            help="Folder or hub name of a HATForSequenceClassification or HATForSequentialSentenceClassification"
        ),
    ],
    output: Annotated[Path, typer.Argument(help="Folder for the pipeline")],
    task: Annotated[HeadTask | None, typer.Option(help=TASK_HELP)] = None,
    lang: Annotated[str, typer.Option(help="Language of the pipeline")] = "en",
    packing: Annotated[
        Packing | None,
        typer.Option(help="How sentences become segments [default: greedy for documents, sentences for sentences]"),
    ] = None,
    pooling: Annotated[
        Pooling | None, typer.Option(help="How a document head pools segments, where the checkpoint does not say")
    ] = None,
    document_positions: Annotated[
        bool | None, typer.Option("--document-positions/--no-document-positions", help=POSITIONS_HELP)
    ] = None,
    negative_label: Annotated[str, typer.Option(help=NEGATIVE_HELP)] = "no_label",
    revision: Annotated[str | None, typer.Option(help="Version of a hub model: branch, tag or commit")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a pipeline that is there")] = False,
) -> None:
    """
    Make a spaCy pipeline of a fine-tuned HAT, with the same probabilities: a sentencizer, the encoder, and a text
    categorizer for a head over documents, or a span categorizer for one over sentences.

    Example: python -m spacy hat import my-finetuned-hat training/imported
    """
    if reason := refusal(checkpoint, output, force=force, marker="config.cfg", what="a pipeline"):
        msg.fail(f"Cannot write to {output}", reason, exits=1)
    from rich.console import Console

    from ..checkpoints.import_head import import_checkpoint

    try:
        with Console(stderr=True).status(f"Reading {checkpoint}"):
            imported = import_checkpoint(
                checkpoint,
                task=task,
                lang=lang,
                packing=packing,
                pooling=pooling,
                document_positions=document_positions,
                negative_label=negative_label,
                revision=revision,
            )
    except (ValueError, ImportError, OSError) as error:  # ImportError: spaCy's for an unknown language
        msg.fail(f"Cannot import {checkpoint}", str(error), exits=1)
    try:
        with new_folder(output) as folder:
            imported.nlp.to_disk(folder)
    except OSError as error:
        msg.fail(f"Cannot write to {output}", str(error), exits=1)
    rows = [*imported.went.items(), ("hi_transformer.…", "component transformer")]
    msg.table(rows, header=(checkpoint, f"in {imported.head}"), divider=True, max_col=80)
    msg.info(f"Labels: {', '.join(imported.labels)}")
    for note in imported.notes:
        msg.warn(note)
    msg.good(f"Saved a pipeline of {', '.join(imported.nlp.pipe_names)} to {output}")
