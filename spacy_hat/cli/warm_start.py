"""`python -m spacy hat warm-start`: a HAT from any BERT or RoBERTa."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from wasabi import msg

from .atomic_output import new_folder

LAYOUT_HELP = "Blocks: S segment-wise, D cross-segment, SD both; or the name of a published layout"
START_HELP = "How cross-segment blocks begin: passing their input through, or as copies of the source's layers"


class CrossSegmentStart(StrEnum):
    identity = "identity"
    copy = "copy"


class DocumentPositions(StrEnum):
    copy = "copy"
    repeat = "repeat"
    interpolate = "interpolate"


class ExtraBlocks(StrEnum):
    error = "error"
    repeat = "repeat"
    fresh = "fresh"


def warm_start_cli(
    source: Annotated[str, typer.Argument(help="Folder or hub name of a BERT- or RoBERTa-type encoder")],
    output: Annotated[Path, typer.Argument(help="Folder for the new HAT")],
    layout: Annotated[str, typer.Option(help=LAYOUT_HELP)] = "S|SD|S|SD|S|SD",
    segment_length: Annotated[int, typer.Option(help="Pieces of a segment, its classifier piece included")] = 128,
    max_segments: Annotated[int, typer.Option(help="Segments that can attend to each other")] = 128,
    cross_segment_start: Annotated[CrossSegmentStart, typer.Option(help=START_HELP)] = CrossSegmentStart.identity,
    document_positions: Annotated[
        DocumentPositions, typer.Option(help="How the source's token positions become positions of segments")
    ] = DocumentPositions.copy,
    extra_blocks: Annotated[
        ExtraBlocks, typer.Option(help="What blocks beyond the source's depth begin with")
    ] = ExtraBlocks.error,
    revision: Annotated[Optional[str], typer.Option(help="Version of a hub model: branch, tag or commit")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a checkpoint that is there")] = False,
) -> None:
    """
    Start a HAT from the weights of an ordinary encoder, and save it where `--paths.hat` of a config can find it.

    Example: python -m spacy hat warm-start bert-base-uncased models/hat --layout "S|SD|S|SD|S|SD|S|SD|S|SD|S|SD"
    """
    if reason := refusal(source, output, force=force):
        msg.fail(f"Cannot write to {output}", reason, exits=1)
    from rich.console import Console

    from ..modeling import warm_start

    hub: dict[str, Any] = {"revision": revision} if revision else {}
    try:
        with Console(stderr=True).status(f"Reading {source}"):
            started = warm_start(
                source,
                layout=layout,
                segment_length=segment_length,
                max_segments=max_segments,
                cross_segment_start=cross_segment_start.value,
                document_positions=document_positions.value,
                extra_blocks=extra_blocks.value,
                **hub,
            )
    except (ValueError, OSError) as error:
        msg.fail(f"Cannot start a HAT from {source}", str(error), exits=1)
    try:
        with new_folder(output) as folder:
            started.model.save_pretrained(folder)
            started.tokenizer.save_pretrained(folder)
    except OSError as error:
        msg.fail(f"Cannot write to {output}", str(error), exits=1)
    report = started.report
    msg.table(sorted(report.copied.items()), header=("HAT", f"copied from {source}"), divider=True)
    if report.fresh:
        msg.info("Not as in the source:")
        msg.text("\n".join(f"  {line}" for line in report.fresh))
    n_parameters = sum(parameter.numel() for parameter in started.model.parameters())
    msg.good(
        f"Saved a HAT with layout {started.model.config.layout} ({n_parameters / 1e6:.1f} million weights) to {output}"
    )


def refusal(source: str, output: Path, *, force: bool) -> Optional[str]:
    """Why the output may not be written: what would be lost is not a HAT that the user asked to replace.

    source (str): Folder or hub name of the encoder.
    output (Path): Folder for the new HAT.
    force (bool): Whether a checkpoint may be replaced.
    RETURNS (Optional[str]): The reason and the remedy; None if nothing speaks against it.
    """
    if not output.exists():
        return None
    if not output.is_dir():
        return "A file is there, expected a folder or nothing. Choose another place."
    if output.resolve() == Path(source).resolve():
        return "It is the source itself, which would be lost. Choose another folder."
    if not force:
        return "A folder is there already. Choose another, or replace it with --force."
    if any(output.iterdir()) and not (output / "config.json").is_file():
        return "Its files are not those of a checkpoint (no config.json), and would be lost. Choose another folder."
    return None
