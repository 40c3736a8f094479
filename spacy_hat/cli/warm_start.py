"""`python -m spacy hat warm-start`: a HAT from any BERT or RoBERTa."""

import shutil
from enum import StrEnum
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any, Optional

import typer
from wasabi import msg

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
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace the output folder if it is there")] = False,
) -> None:
    """
    Start a HAT from the weights of an ordinary encoder, and save it where `--paths.hat` of a config can find it.

    Example: python -m spacy hat warm-start bert-base-uncased models/hat --layout "S|SD|S|SD|S|SD|S|SD|S|SD|S|SD"
    """
    if output.exists() and not force:
        msg.fail(f"{output} is there already", "Choose another folder, or replace it with --force.", exits=1)
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
    save_atomically(started, output)
    report = started.report
    msg.table(sorted(report.copied.items()), header=("HAT", f"copied from {source}"), divider=True)
    if report.fresh:
        msg.info("Not as in the source:")
        msg.text("\n".join(f"  {line}" for line in report.fresh))
    n_parameters = sum(parameter.numel() for parameter in started.model.parameters())
    msg.good(
        f"Saved a HAT with layout {started.model.config.layout} ({n_parameters / 1e6:.1f} million weights) to {output}"
    )


def save_atomically(started: Any, output: Path) -> None:
    """Write model and tokenizer beside the output folder, then rename: a half-written HAT is never in its place.

    started (WarmStart): Model and tokenizer.
    output (Path): The folder, which is replaced if it is there.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    started.model.save_pretrained(folder)
    started.tokenizer.save_pretrained(folder)
    if output.exists():
        shutil.rmtree(output)
    folder.chmod(0o755)
    folder.rename(output)
