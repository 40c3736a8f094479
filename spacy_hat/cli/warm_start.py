"""`python -m spacy hat warm-start`: a HAT from an ordinary encoder, or from texts alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from ..choices import PUBLISHED_LAYOUTS, CrossSegmentStart, DocumentPositions, ExtraBlocks
from ..machine.atomic_output import new_folder
from .output_place import refusal

LAYOUT_HELP = "Blocks: S segment-wise, D cross-segment, SD both; or the name of a published layout: " + ", ".join(
    PUBLISHED_LAYOUTS
)
SOURCE_HELP = (
    "Folder or hub name of a BERT, ELECTRA, DistilBERT, RoBERTa, XLM-RoBERTa or CamemBERT; with --from-scratch, a file "
    "or folder of texts, in any form that `spacy hat convert` reads"
)
START_HELP = "How cross-segment blocks begin: passing their input through, or as copies of the source's layers"
SCRATCH_HELP = "Start from random weights, and learn a tokenizer (byte-level BPE) from the texts in SOURCE"
WARM, SCRATCH = "From an encoder", "From scratch"


def warm_start_cli(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    output: Annotated[Path, typer.Argument(help="Folder for the new HAT")],
    layout: Annotated[str, typer.Option(help=LAYOUT_HELP)] = "S|SD|S|SD|S|SD",
    segment_length: Annotated[int, typer.Option(help="Pieces of a segment, its classifier piece included")] = 128,
    max_segments: Annotated[int, typer.Option(help="Segments that can attend to each other")] = 128,
    seed: Annotated[int, typer.Option(help="For whatever starts from random weights")] = 0,
    cross_segment_start: Annotated[
        CrossSegmentStart | None, typer.Option(help=f"{START_HELP} [default: identity]", rich_help_panel=WARM)
    ] = None,
    document_positions: Annotated[
        DocumentPositions | None,
        typer.Option(
            help="How the source's token positions become positions of segments [default: copy]", rich_help_panel=WARM
        ),
    ] = None,
    extra_blocks: Annotated[
        ExtraBlocks | None,
        typer.Option(help="What blocks beyond the source's depth begin with [default: error]", rich_help_panel=WARM),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(help="Version of a hub model: branch, tag or commit", rich_help_panel=WARM),
    ] = None,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help=SCRATCH_HELP, rich_help_panel=SCRATCH)] = False,
    hidden_size: Annotated[
        int | None, typer.Option(help="Width of every vector [default: 256]", rich_help_panel=SCRATCH)
    ] = None,
    heads: Annotated[
        int | None, typer.Option(help="Attention heads of a block [default: 4]", rich_help_panel=SCRATCH)
    ] = None,
    intermediate_size: Annotated[
        int | None,
        typer.Option(help="Width inside a block's feed-forward part [default: 1024]", rich_help_panel=SCRATCH),
    ] = None,
    vocab_size: Annotated[
        int | None, typer.Option(help="Pieces to learn [default: 8000]", rich_help_panel=SCRATCH)
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a checkpoint that is there")] = False,
) -> None:
    """
    Start a HAT from the weights of an ordinary encoder (or, with --from-scratch, from nothing but texts), and save it
    where `--paths.hat` of a config can find it.

    Example: python -m spacy hat warm-start bert-base-uncased models/hat --layout "S|SD|S|SD|S|SD|S|SD|S|SD|S|SD"

    Example: python -m spacy hat warm-start corpus models/hat --from-scratch --layout I3 --vocab-size 16000
    """
    if reason := refusal(source, output, force=force):
        msg.fail(f"Cannot write to {output}", reason, exits=1)
    sizes = {"layout": layout, "segment_length": segment_length, "max_segments": max_segments, "seed": seed}
    of_encoder = {
        "cross_segment_start": cross_segment_start,
        "document_positions": document_positions,
        "extra_blocks": extra_blocks,
        "revision": revision,
    }
    of_scratch = {
        "hidden_size": hidden_size,
        "num_attention_heads": heads,
        "intermediate_size": intermediate_size,
        "vocab_size": vocab_size,
    }
    chosen = {name: value for name, value in (of_scratch if from_scratch else of_encoder).items() if value is not None}
    others = of_encoder if from_scratch else of_scratch
    if strangers := [name for name, value in others.items() if value is not None]:
        options = ", ".join(f"--{name.removeprefix('num_attention_').replace('_', '-')}" for name in strangers)
        reason = "There is no source to take from" if from_scratch else "The source has sizes of its own"
        remedy = "Leave it out" if from_scratch else "Leave it out, or add --from-scratch"
        msg.fail(f"Cannot use {options} here", f"{reason}. {remedy}.", exits=1)
    try:
        started, card = (_from_texts if from_scratch else _from_encoder)(source, {**sizes, **chosen})
    except (ValueError, OSError) as error:
        msg.fail(f"Cannot start a HAT from {source}", str(error), exits=1)
    try:
        with new_folder(output) as folder:
            started.model.save_pretrained(folder)
            started.tokenizer.save_pretrained(folder)
            (folder / "README.md").write_text(card, encoding="utf8")
    except OSError as error:
        msg.fail(f"Cannot write to {output}", str(error), exits=1)
    _print_report(started.report, source)
    n_parameters = sum(parameter.numel() for parameter in started.model.parameters())
    msg.good(
        f"Saved a HAT with layout {started.model.config.layout} ({n_parameters / 1e6:.1f} million weights) to {output}"
    )


def _from_encoder(source: str, settings: dict[str, Any]) -> tuple[Any, str]:
    """RETURNS (tuple[WarmStart, str]): The HAT, and its card."""
    from rich.console import Console

    from ..modeling import warm_start
    from ..modeling.files.card import read_source_card
    from ..modeling.start.cards import warm_start_card

    hub = {"revision": settings.pop("revision")} if "revision" in settings else {}
    with Console(stderr=True).status(f"Reading {source}"):
        started = warm_start(source, **settings, **hub)
        return started, warm_start_card(started.model, started.report, read_source_card(source, **hub))


def _from_texts(source: str, settings: dict[str, Any]) -> tuple[Any, str]:
    """RETURNS (tuple[WarmStart, str]): The HAT, and its card."""
    from rich.console import Console
    from rich.progress import Progress

    from ..corpora.sources import find_sources
    from ..modeling.start.cards import scratch_card
    from ..modeling.start.scratch import start_from_scratch

    sources = find_sources(Path(source))
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        texts = _with_progress(sources, progress)
        started = start_from_scratch(texts, name=Path(source).resolve().name, **settings)
    return started, scratch_card(started.model, started.report)


def _with_progress(sources: list[Any], progress: Any) -> Iterator[str]:
    """The texts of the files, and how many of their bytes have been read."""
    from ..corpora.texts import iterate_texts

    sizes = [0 if source.is_stdin else source.path.stat().st_size for source in sources]
    reading = progress.add_task("Reading texts", total=sum(sizes))
    for number, source in enumerate(sources):
        for text in iterate_texts(source):
            progress.advance(reading, min(len(text.encode()), sizes[number]))
            yield text
        progress.update(reading, completed=sum(sizes[: number + 1]))  # exactly: markup and compression are not text
    progress.add_task("Learning pieces", total=None)


def _print_report(report: Any, source: str) -> None:
    if report.copied:
        msg.table(list(report.copied.items()), header=("HAT", f"from {source}"), divider=True, max_col=80)
    for title, lines in (("New, or changed on purpose:", report.fresh), ("Not taken from the source:", report.unused)):
        if lines:
            msg.info(title)
            for line in lines:
                msg.text(f"  {line}")
