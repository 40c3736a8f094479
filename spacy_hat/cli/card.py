"""`python -m spacy hat card`: the model card of a trained pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from ..machine.atomic_output import new_file
from ..machine.card_mark import is_unedited, sign, state_of
from ..machine.kinds import CARD, MODEL_CARD
from ..machine.places import check_place
from ..machine.streams import is_stdout
from . import screen
from .command import command

OUTPUT_HELP = f"Where to write it; - for stdout [default: {CARD} in the folder of the pipeline]"
FORCE_HELP = "Replace a card that somebody else wrote, or changed"


@command("Cannot write a card of {pipeline}")
def card_cli(
    pipeline: Annotated[str, typer.Argument(help="Folder or package name of a trained pipeline")],
    output: Annotated[Path | None, typer.Argument(help=OUTPUT_HELP, allow_dash=True)] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help=FORCE_HELP)] = False,
) -> None:
    """
    Write the model card of a pipeline: what it sets, its labels, scores, data, origin, use and limits, with the fields
    that Hugging Face's hub reads. `spacy package` takes README.md of the pipeline's folder along.

    A card that this command wrote and nobody changed is written anew; any other is replaced with --force alone.

    Example: python -m spacy hat card training/textcat/model-best
    """
    place = _place(pipeline, output)
    check_place(place, MODEL_CARD, force=force or is_unedited(place))
    with screen.status(f"Reading {pipeline}"):
        from ..hub.card import pipeline_card, unsaid
        from ..pipeline.loading import load_pipeline

        nlp = load_pipeline(pipeline)
        card = sign(pipeline_card(nlp), state_of(nlp.path))
    with new_file(place) as made:
        made.write_text(card, encoding="utf8", newline="\n")
    with screen.results_alone(is_stdout(place)):
        for what in unsaid(nlp):
            screen.info(f"The card does not say {what}.")
        if not is_stdout(place):
            screen.good(f"Saved {place}")


def _place(pipeline: str, output: Path | None) -> Path:
    if output is not None:
        return output
    folder = Path(pipeline)
    if not folder.is_dir():
        raise ValueError(
            f"A card lies in the folder of its pipeline. Got: '{pipeline}', which is not a folder here. Expected: a "
            f"folder, such as training/model-best. For an installed package, say where the card is to go: {CARD}."
        )
    return folder / CARD
