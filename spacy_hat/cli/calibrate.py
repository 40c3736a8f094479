"""`python -m spacy hat calibrate`: a chain over the sentences of a trained pipeline, weighed on dev."""

from pathlib import Path
from typing import Annotated

import typer

from ..machine.atomic_output import new_file, new_folder
from ..machine.kinds import PICTURE, PIPELINE
from ..machine.places import check_place
from . import screen
from .command import command


@command("Cannot calibrate {pipeline}")
def calibrate_cli(
    pipeline: Annotated[str, typer.Argument(help="Folder or package name of a trained pipeline")],
    dev: Annotated[Path, typer.Argument(help="Annotated documents that it was not trained on, a .spacy file")],
    output: Annotated[Path, typer.Argument(help="Folder for the pipeline with the chain")],
    train: Annotated[
        Path | None, typer.Option(help="Count labels in these documents, the ones it was trained on; without it in dev")
    ] = None,
    component: Annotated[str | None, typer.Option(help="The spancat_singlelabel, if there are several")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw how often a score is right, before and after: an .svg file")
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a pipeline that is there")] = False,
) -> None:
    """
    Let a trained pipeline know which labels follow which, without training it: count them, and weigh them on dev
    against what it makes of each sentence. Weighs a chain that was learned as well. Never worse on dev than before.

    Example: python -m spacy hat calibrate training/spancat/model-best dev.spacy calibrated --train train.spacy
    """
    check_place(output, PIPELINE, force=force, sources=[pipeline, dev, *([] if train is None else [train])])
    if plot is not None:
        from ..training.reliability import check_picture

        check_place(plot, PICTURE, force=force, sources=[pipeline, dev, output])
        check_picture(plot)
    for corpus in (dev, *([] if train is None else [train])):
        if not corpus.exists():
            raise ValueError(f"{corpus} is not there. Expected: documents in spaCy's format, a .spacy file.")
    with screen.status(f"Reading {dev} with {pipeline}"):
        from spacy.training import Corpus

        from ..pipeline.loading import load_pipeline
        from ..training.calibrate import calibrate

        nlp = load_pipeline(pipeline)
        counted = None if train is None else Corpus(train)(nlp)
        found = calibrate(nlp, Corpus(dev)(nlp), counted, component=component)
    with new_folder(output) as folder:
        nlp.to_disk(folder)
    rows = [
        (name, f"{quality.accuracy:.3f}", f"{quality.loss:.3f}", f"{quality.calibration_error:.3f}")
        for name, quality in (("before", found.before), ("after", found.after))
    ]
    header = (f"{found.component}, {found.n_units:,} sentences of dev", "accuracy", "loss", "ECE")
    screen.table(rows, header=header)
    weighing = found.weighing
    screen.info(
        f"What a sentence says counts {weighing.sharpness:g}, the labels around it {weighing.neighbours:g}, and "
        f"{weighing.prior:g} of how frequent its label is was taken off."
    )
    if plot is not None:
        from ..training.reliability import draw_reliability

        with new_file(plot) as file:
            draw_reliability({"before": found.before.reliability, "after": found.after.reliability}, file)
        screen.good(f"Saved the picture of dev to {plot}")
    screen.good(f"Saved the pipeline, with spacy-hat.SentenceChain.v1, to {output}")
