"""`python -m spacy hat from-scratch`: a HAT from texts alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..choices import PUBLISHED_LAYOUTS
from ..machine.kinds import CHECKPOINT
from ..machine.places import check_place
from . import screen
from .command import command
from .new_hat import save

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..corpora.sources import Source

LAYOUT = "S|SD|S|SD|S|SD"
LAYOUT_HELP = (
    "Blocks: S segment-wise, D cross-segment, SD both; or the name of a published layout: "
    f"{', '.join(PUBLISHED_LAYOUTS)}"
)
CORPUS_HELP = "File or folder of texts, in any form that `spacy hat convert` reads"
VOCAB_HELP = "Pieces to learn, bytes and special pieces included"
HIDDEN_SIZE, HEADS, INTERMEDIATE_SIZE, VOCAB_SIZE, MAX_SEGMENTS = 256, 4, 1024, 8000, 128


@command("Cannot start a HAT from {corpus}")
def from_scratch_cli(
    corpus: Annotated[Path, typer.Argument(help=CORPUS_HELP)],
    output: Annotated[Path, typer.Argument(help="Folder for the new HAT")],
    layout: Annotated[str, typer.Option(help=LAYOUT_HELP)] = LAYOUT,
    segment_length: Annotated[
        int, typer.Option(max=2**16, help="Pieces of a segment, its classifier piece included")
    ] = 128,
    max_segments: Annotated[int, typer.Option(max=2**20, help="Segments that can attend to each other")] = MAX_SEGMENTS,
    hidden_size: Annotated[int, typer.Option(max=2**16, help="Width of every vector")] = HIDDEN_SIZE,
    heads: Annotated[int, typer.Option(max=2**10, help="Attention heads of a block")] = HEADS,
    intermediate_size: Annotated[
        int, typer.Option(max=2**18, help="Width inside a block's feed-forward part")
    ] = INTERMEDIATE_SIZE,
    vocab_size: Annotated[int, typer.Option(help=VOCAB_HELP)] = VOCAB_SIZE,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the random weights")] = 0,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a checkpoint that is there")] = False,
) -> None:
    """
    Start a HAT from nothing but texts: random weights, and a tokenizer (byte-level BPE) that has learned its pieces
    from them.

    Example: python -m spacy hat from-scratch corpus models/hat --layout I3 --vocab-size 16000
    """
    check_place(output, CHECKPOINT, force=force, sources=[corpus])
    make_from_texts(
        corpus,
        output,
        layout=layout,
        segment_length=segment_length,
        max_segments=max_segments,
        seed=seed,
        hidden_size=hidden_size,
        num_attention_heads=heads,
        intermediate_size=intermediate_size,
        vocab_size=vocab_size,
    )


def make_from_texts(corpus: Path, output: Path, *, layout: str | None = None, **sizes: int) -> None:
    """Make a HAT of a corpus, and save it.

    corpus (Path): A file or folder of texts.
    output (Path): Folder for the HAT.
    layout (str | None): Its blocks; None: LAYOUT.
    **sizes: Those of `start_from_scratch`.
    """
    from ..corpora.sources import find_sources
    from ..modeling.start.cards import scratch_card
    from ..modeling.start.scratch import start_from_scratch

    sources = find_sources(corpus)
    with screen.progress() as bars:
        texts = _with_progress(sources, bars)
        started = start_from_scratch(texts, name=corpus.resolve().name, layout=layout or LAYOUT, **sizes)
    save(started, scratch_card(started.model, started.report), output, str(corpus))


def _with_progress(sources: list["Source"], bars: "Progress") -> Iterator[str]:
    """The texts of the files, and how many of their bytes have been read."""
    from ..corpora.texts import iterate_texts

    sizes = [0 if source.is_stdin else source.path.stat().st_size for source in sources]
    reading = bars.add_task("Reading texts", total=sum(sizes))
    for number, source in enumerate(sources):
        for text in iterate_texts(source):
            bars.advance(reading, min(len(text.encode()), sizes[number]))
            yield text
        bars.update(reading, completed=sum(sizes[: number + 1]))  # exactly: markup and compression are not text
    bars.add_task("Learning pieces", total=None)
