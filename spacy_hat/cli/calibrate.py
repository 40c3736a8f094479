"""`python -m spacy hat calibrate`: a chain over the sentences of a trained pipeline, weighed on dev."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ..machine.atomic_output import new_folder
from .output_place import refusal


def calibrate_cli(
    pipeline: Annotated[str, typer.Argument(help="Folder or package name of a trained pipeline")],
    dev: Annotated[Path, typer.Argument(help="Annotated documents that it was not trained on, a .spacy file")],
    output: Annotated[Path, typer.Argument(help="Folder for the pipeline with the chain")],
    train: Annotated[
        Path | None, typer.Option(help="Count labels in these documents, the ones it was trained on; without it in dev")
    ] = None,
    component: Annotated[str | None, typer.Option(help="The spancat_singlelabel, if there are several")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a pipeline that is there")] = False,
) -> None:
    """
    Let a trained pipeline know which labels follow which, without training it: count them, and weigh them on dev
    against what it makes of each sentence. Weighs a chain that was learned as well. Never worse on dev than before.

    Example: python -m spacy hat calibrate training/spancat/model-best dev.spacy calibrated --train train.spacy
    """
    refused = refusal(pipeline, output, force=force, marker="config.cfg", what="a pipeline")
    if refused:
        msg.fail(f"Cannot write to {output}", refused, exits=1)
    import spacy
    from rich.console import Console
    from spacy.training import Corpus

    from ..training.calibrate import calibrate

    for corpus in (dev, *([] if train is None else [train])):
        if not corpus.exists():
            msg.fail(f"{corpus} is not there", "Expected: documents in spaCy's format, a .spacy file.", exits=1)
    try:
        with Console(stderr=True).status(f"Reading {dev} with {pipeline}"):
            nlp = spacy.load(pipeline)
            counted = None if train is None else Corpus(train)(nlp)
            found = calibrate(nlp, Corpus(dev)(nlp), counted, component=component)
        with new_folder(output) as folder:
            nlp.to_disk(folder)
    except (ValueError, OSError) as error:
        msg.fail(f"Cannot calibrate {pipeline}", str(error), exits=1)
    rows = [
        (name, f"{quality.accuracy:.3f}", f"{quality.loss:.3f}", f"{quality.calibration_error:.3f}")
        for name, quality in (("before", found.before), ("after", found.after))
    ]
    header = (f"{found.component}, {found.n_units:,} sentences of dev", "accuracy", "loss", "ECE")
    msg.table(rows, header=header, divider=True)
    weighing = found.weighing
    msg.info(
        f"What a sentence says counts {weighing.sharpness:g}, the labels around it {weighing.neighbours:g}, and "
        f"{weighing.prior:g} of how frequent its label is was taken off."
    )
    msg.good(f"Saved the pipeline, with spacy-hat.SentenceChain.v1, to {output}")
