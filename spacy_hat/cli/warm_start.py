"""`python -m spacy hat warm-start`: a HAT from any BERT or RoBERTa."""

import shutil
from enum import Enum
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Optional

import typer
from wasabi import msg


class CrossSegmentStart(str, Enum):
    identity = "identity"
    copy = "copy"


class DocumentPositions(str, Enum):
    copy = "copy"
    repeat = "repeat"
    interpolate = "interpolate"


class ExtraBlocks(str, Enum):
    error = "error"
    repeat = "repeat"
    fresh = "fresh"


def warm_start_cli(
    source: str = typer.Argument(..., help="Folder or hub name of a BERT- or RoBERTa-type encoder"),
    output: Path = typer.Argument(..., help="Folder for the new HAT"),
    layout: str = typer.Option("S|SD|S|SD|S|SD", help="Blocks: S segment-wise, D cross-segment, SD both; or a published layout's name"),
    segment_length: int = typer.Option(128, help="Pieces that a segment can hold, its classifier piece included"),
    max_segments: int = typer.Option(128, help="Segments that can attend to each other"),
    cross_segment_start: CrossSegmentStart = typer.Option("identity", help="How cross-segment blocks begin: passing their input through, or as copies"),
    document_positions: DocumentPositions = typer.Option("copy", help="How the source's token positions become positions of segments"),
    extra_blocks: ExtraBlocks = typer.Option("error", help="What blocks beyond the source's depth begin with"),
    revision: Optional[str] = typer.Option(None, help="Version of a hub model: branch, tag or commit"),
    force: bool = typer.Option(False, "--force", "-F", help="Replace the output folder if it is there"),
):  # fmt: skip
    """
    Start a HAT from the weights of an ordinary encoder, and save it where `--paths.hat` of a config can find it.

    Example: python -m spacy hat warm-start bert-base-uncased models/hat --layout "S|SD|S|SD|S|SD|S|SD|S|SD|S|SD"
    """
    if output.exists() and not force:
        msg.fail(f"{output} is there already", "Choose another folder, or replace it with --force.", exits=1)
    from rich.console import Console

    from ..modeling import warm_start

    hub = {"revision": revision} if revision else {}
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
    msg.good(f"Saved a HAT with layout {started.model.config.layout} ({n_parameters / 1e6:.1f} million weights) to {output}")


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
