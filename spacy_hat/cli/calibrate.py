"""`python -m spacy hat calibrate`: a chain over sentences, or words beside a document classifier, weighed on dev."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..machine.atomic_output import new_file, new_folder
from ..machine.kinds import PICTURE, PIPELINE
from ..machine.places import check_place
from . import screen
from .command import command

if TYPE_CHECKING:
    from ..training.calibrate import Calibration
    from ..training.calibrate_words import WeighedWords


@command("Cannot calibrate {pipeline}")
def calibrate_cli(
    pipeline: Annotated[str, typer.Argument(help="Folder or package name of a trained pipeline")],
    dev: Annotated[Path, typer.Argument(help="Annotated documents that it was not trained on, a .spacy file")],
    output: Annotated[Path, typer.Argument(help="Folder for the pipeline with the chain, or with words")],
    train: Annotated[
        Path | None,
        typer.Option(
            help="Documents it was trained on, to count labels in (without it, in dev) and to learn words from"
        ),
    ] = None,
    component: Annotated[str | None, typer.Option(help="The classifier, if there are several")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw how often a score is right, before and after: an .svg file")
    ] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU, or -1 for the CPU")] = -1,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a pipeline that is there")] = False,
) -> None:
    """
    Let a trained pipeline know more, without training it, and weigh that on dev. Of sentences: which labels follow
    which, counted or learned before, against what it makes of each sentence. Of documents: which words go with a label,
    learned from --train, against what it makes of the whole. Never worse on dev than before, or than words alone.

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
        from spacy.cli._util import setup_gpu
        from spacy.pipeline import TextCategorizer
        from spacy.training import Corpus

        from ..pipeline.loading import load_pipeline
        from ..training.calibrate import calibrate, head_to_calibrate
        from ..training.calibrate_words import calibrate_words

        setup_gpu(gpu_id, silent=True)
        nlp = load_pipeline(pipeline)
        head = head_to_calibrate(nlp, component)
        learned = None if train is None else Corpus(train)(nlp)
        if isinstance(head, TextCategorizer):
            weighed = calibrate_words(nlp, head, Corpus(dev)(nlp), learned)
            tell, curves = partial(_tell_words, weighed), (weighed.encoder.reliability, weighed.both.reliability)
        else:
            chained = calibrate(nlp, Corpus(dev)(nlp), learned, component=component)
            tell, curves = partial(_tell_chain, chained), (chained.before.reliability, chained.after.reliability)
    with new_folder(output) as folder:
        nlp.to_disk(folder)
    tell()
    if plot is not None:
        from ..training.reliability import draw_reliability

        with new_file(plot) as file:
            draw_reliability(dict(zip(("before", "after"), curves, strict=True)), file)
        screen.good(f"Saved the picture of dev to {plot}")
    screen.good(f"Saved the pipeline, with {nlp.get_pipe_config(head.name)['model']['@architectures']}, to {output}")


def _tell_chain(found: "Calibration") -> None:
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


def _tell_words(found: "WeighedWords") -> None:
    rows = [
        (name, f"{fit.accuracy:.3f}", f"{fit.macro_f1:.3f}", f"{fit.loss:.3f}", f"{fit.calibration_error:.3f}")
        for name, fit in (("the encoder alone", found.encoder), ("words alone", found.words), ("both", found.both))
    ]
    screen.table(
        rows, header=(f"{found.component}, {found.n_docs:,} documents of dev", "accuracy", "macro-F1", "loss", "ECE")
    )
    screen.info(
        f"The log-odds of the encoder count {found.encoder_weight:g}, those of the words {found.words_weight:g}."
    )
