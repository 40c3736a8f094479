"""`python -m spacy hat warm-start`: a HAT from an ordinary encoder."""

from pathlib import Path
from typing import Annotated

import typer

from ..choices import PUBLISHED_LAYOUTS, CrossSegmentStart, DocumentPositions, ExtraBlocks
from ..machine.kinds import CHECKPOINT
from ..machine.places import check_place
from . import screen
from .command import command
from .from_scratch import HEADS, HIDDEN_SIZE, INTERMEDIATE_SIZE, MAX_SEGMENTS, VOCAB_SIZE, make_from_texts
from .new_hat import save

LAYOUT_HELP = (
    "Blocks: S segment-wise, D cross-segment, SD both; or the name of a published layout: "
    f"{', '.join(PUBLISHED_LAYOUTS)} [default: S|SD|… as deep as the source]"
)
SOURCE_HELP = "Folder or hub name of a BERT, ELECTRA, DistilBERT, RoBERTa, XLM-RoBERTa, CamemBERT, ModernBERT, …"
SEGMENTS_HELP = "Segments that can attend to each other [default: 128; all of a document where positions are rotary]"
START_HELP = "How cross-segment blocks begin: passing their input through, or as copies of the source's layers"
POSITIONS_HELP = "How the source's token positions become positions of segments"
EXTRA_HELP = "What blocks beyond the source's depth begin with"
FROM_TEXTS = "To start from texts: python -m spacy hat from-scratch"
MOVED = "--from-scratch is a command of its own now: python -m spacy hat from-scratch"


@command("Cannot start a HAT from {source}")
def warm_start_cli(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    output: Annotated[Path, typer.Argument(help="Folder for the new HAT")],
    layout: Annotated[str | None, typer.Option(help=LAYOUT_HELP)] = None,
    segment_length: Annotated[
        int, typer.Option(max=2**16, help="Pieces of a segment, its classifier piece included")
    ] = 128,
    max_segments: Annotated[int | None, typer.Option(max=2**20, help=SEGMENTS_HELP)] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the weights that are random")] = 0,
    cross_segment_start: Annotated[CrossSegmentStart, typer.Option(help=START_HELP)] = "identity",
    document_positions: Annotated[DocumentPositions, typer.Option(help=POSITIONS_HELP)] = "copy",
    extra_blocks: Annotated[ExtraBlocks, typer.Option(help=EXTRA_HELP)] = "error",
    revision: Annotated[str | None, typer.Option(help="Version of a hub model: branch, tag or commit")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a checkpoint that is there")] = False,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", hidden=True)] = False,
    hidden_size: Annotated[int | None, typer.Option(max=2**16, hidden=True)] = None,
    heads: Annotated[int | None, typer.Option(max=2**10, hidden=True)] = None,
    intermediate_size: Annotated[int | None, typer.Option(max=2**18, hidden=True)] = None,
    vocab_size: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """
    Start a HAT from the weights of an ordinary encoder, and save it where `--paths.hat` of a config can find it.

    Example: python -m spacy hat warm-start bert-base-uncased models/hat

    Example: python -m spacy hat warm-start roberta-base models/hat --layout "S|S|SD|S|S|SD|S|S|SD|S|S|SD"
    """
    check_place(output, CHECKPOINT, force=force, sources=[source])
    sizes = {"--hidden-size": hidden_size, "--heads": heads, "--intermediate-size": intermediate_size}
    given = [name for name, value in {**sizes, "--vocab-size": vocab_size}.items() if value is not None]
    if given and not from_scratch:
        raise ValueError(f"The source has sizes of its own. Got: {', '.join(given)}. Leave it out. {FROM_TEXTS}")
    if from_scratch:
        screen.warn(MOVED)
        if revision is not None:
            raise ValueError("There is no source to take from. Got: --revision. Leave it out.")
        make_from_texts(
            Path(source),
            output,
            layout=layout,
            segment_length=segment_length,
            max_segments=MAX_SEGMENTS if max_segments is None else max_segments,
            seed=seed,
            hidden_size=HIDDEN_SIZE if hidden_size is None else hidden_size,
            num_attention_heads=HEADS if heads is None else heads,
            intermediate_size=INTERMEDIATE_SIZE if intermediate_size is None else intermediate_size,
            vocab_size=VOCAB_SIZE if vocab_size is None else vocab_size,
        )
        return
    hub = {} if revision is None else {"revision": revision}
    with screen.status(f"Reading {source}"):
        from ..modeling import warm_start
        from ..modeling.files.card import read_source_card
        from ..modeling.start.cards import warm_start_card

        started = warm_start(
            source,
            layout=layout,
            segment_length=segment_length,
            max_segments=max_segments,
            cross_segment_start=cross_segment_start,
            document_positions=document_positions,
            extra_blocks=extra_blocks,
            seed=seed,
            **hub,
        )
        card = warm_start_card(started.model, started.report, read_source_card(source, **hub))
    save(started, card, output, source)
