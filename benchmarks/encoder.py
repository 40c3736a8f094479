"""The encoder alone, at base size, against the encoders it stands beside and the limit of the machine.

    python -m benchmarks.encoder predict
    python -m benchmarks.encoder training
    python -m benchmarks.encoder repeats
    python -m benchmarks.encoder peers

Within a command, everything is timed in turns; a ratio is their median time divided by ours. HAT runs as the pipeline
runs it (`HATShim`, every piece handed out). A peer that predicts in bfloat16 has its weights in it, or autocast,
whichever is faster. Each takes --quick, and --json FILE for the figures.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import typer
from rich.console import Console

from benchmarks import our_encoder, peers
from benchmarks.comparisons import Comparison, compare, comparison_table, precisions, seconds_table
from benchmarks.products import bare_products, useful_flops
from benchmarks.repeated_segments import (
    made_distinct,
    pack_sentences,
    repeated_share,
    ufunc_docstrings,
    without_looking,
)
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.sizes import ADHOC, BASE, QUICK, Size, full_lengths, pad, random_pieces, sentence_lengths
from benchmarks.timing import Key, Work, medians, run_rows, time_in_turns

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()
OURS, HUB, ROBERTA, BARE = "HAT", "HAT, layout of the hub", "RoBERTa, padded", "bare products"
FULL, SENTENCES, DOCUMENT = "full segments", "ordinary sentences", "whole document"
TRAINING, REPEATS, DISTINCT = "training step", "docstrings", "no segment twice"
NOT_LOOKING = "HAT, not looking for repeats"
REPEAT_DOCS = 5


def report(
    ctx: typer.Context,
    out: Path | None,
    runs: dict[Key, list[float]],
    comparisons: list[Comparison],
    **figures: Any,
) -> None:
    """Print the tables, and write what was found."""
    console.print(seconds_table(medians(runs)))
    console.print(comparison_table(comparisons))
    found = [asdict(comparison) for comparison in comparisons]
    command = command_line(ctx, f"encoder.py {ctx.command.name}")
    write_results(out, command, {"runs": run_rows(runs), "comparisons": found, **figures})


def document_peers(size: Size, precision: str, names: list[str]) -> dict[Key, Work]:
    """RETURNS (dict[Key, Work]): Encoders that read the full document, each in its own way."""
    works = {}
    for name in names:
        build, batch_of = peers.LONG_DOCUMENT[name]
        works[DOCUMENT, name, precision] = peers.predicting(build(size), batch_of(size), precision)
    return works


@app.command()
def predict(ctx: typer.Context, repeats: Repeats = 5, quick: Quick = False, out: Json = None) -> None:
    """Full segments, ordinary sentences, a whole document: against padded RoBERTa, Longformer, and bare products."""
    size, repeats = (QUICK, 1) if quick else (BASE, repeats)
    segment_wise = size.segment_wise()
    full, sentences = (random_pieces(size, lengths(size)) for lengths in (full_lengths, sentence_lengths))
    works: dict[Key, Work] = {}
    with console.status("making encoders"):
        for precision in precisions():
            ours = our_encoder.make_shim(size, segment_wise, precision=precision)
            hub = our_encoder.make_shim(size, ADHOC, precision=precision)
            works[FULL, OURS, precision] = our_encoder.predicting(ours, full)
            works[FULL, HUB, precision] = our_encoder.predicting(hub, full)
            works[SENTENCES, OURS, precision] = our_encoder.predicting(ours, sentences)
            roberta = peers.roberta(size)
            for work, inputs in ((FULL, full), (SENTENCES, sentences)):
                batch = peers.Batch.of(*pad(inputs, size.segment_length))
                works[work, ROBERTA, precision] = peers.predicting(roberta, batch, precision)
            works[FULL, BARE, precision] = bare_products(size, getattr(torch, precision))
            works |= document_peers(size, precision, ["Longformer"])
    runs = time_in_turns(works, repeats, console)
    seconds = medians(runs)
    comparisons = [
        compare(seconds, FULL, OURS, ROBERTA, asked={"float32": 1.0, "bfloat16": 2.5}),
        compare(seconds, SENTENCES, OURS, ROBERTA, asked={"float32": 3.5, "bfloat16": 9.0}),
        compare(seconds, FULL, OURS, "Longformer", their_work=DOCUMENT, asked={"float32": 2.2, "bfloat16": 5.5}),
        compare(seconds, FULL, HUB, ROBERTA),
        compare(seconds, FULL, HUB, "Longformer", their_work=DOCUMENT),
    ]
    flops = useful_flops(size, full_lengths(size))
    rates = {
        precision: {name: flops / seconds[FULL, name, precision] / 1e9 for name in (OURS, BARE)}
        for precision in precisions()
    }
    for precision, least in (("float32", 0.80), ("bfloat16", 0.75)):
        if precision in rates:
            share = rates[precision][OURS] / rates[precision][BARE]
            comparisons.append(Comparison(FULL, OURS, f"{BARE}, {precision}", {precision: share}, {precision: least}))
            console.print(f"{precision}: {rates[precision][OURS]:.0f} GFLOP/s of {rates[precision][BARE]:.0f}")
    n_pieces = {FULL: size.n_pieces, SENTENCES: int(sentence_lengths(size).sum())}
    report(ctx, out, runs, comparisons, gflops=rates, n_pieces=n_pieces, layouts=[segment_wise, ADHOC])


@app.command()
def training(ctx: typer.Context, repeats: Repeats = 5, quick: Quick = False, out: Json = None) -> None:
    """A training step (forward and backward, without the optimizer's) on ordinary sentences, against padded RoBERTa."""
    size, repeats = (QUICK, 1) if quick else (BASE, repeats)
    inputs = random_pieces(size, sentence_lengths(size))
    batch = peers.Batch.of(*pad(inputs, size.segment_length))
    works: dict[Key, Work] = {}
    with console.status("making encoders"):
        for precision in precisions():
            works[TRAINING, OURS, precision] = our_encoder.training(size, size.segment_wise(), inputs, precision)
            works[TRAINING, ROBERTA, precision] = peers.training(peers.roberta(size), batch, precision)
    runs = time_in_turns(works, repeats, console)
    seconds = medians(runs)
    comparisons = [compare(seconds, TRAINING, OURS, ROBERTA, asked={"float32": 3.0, "bfloat16": 5.0})]
    report(ctx, out, runs, comparisons, n_pieces=len(inputs.piece_ids))


@app.command("repeats")
def compare_repeats(ctx: typer.Context, repeats: Repeats = 5, quick: Quick = False, out: Json = None) -> None:
    """Docstrings of NumPy's ufuncs, one sentence a segment, many of them in several documents; the same lengths made
    distinct; and these without a look for repeats. With the layout of the hub model, whose first twelve segment-wise
    blocks do not know the document."""
    size, repeats = (QUICK, 1) if quick else (BASE, repeats)
    inputs = pack_sentences(size, ufunc_docstrings(REPEAT_DOCS))
    batches = {REPEATS: inputs, DISTINCT: made_distinct(size, inputs)}
    works: dict[Key, Work] = {}
    with console.status("making encoders"):
        for precision in precisions():
            hub = our_encoder.make_shim(size, ADHOC, precision=precision)
            for work, batch in batches.items():
                works[work, HUB, precision] = our_encoder.predicting(hub, batch)
            works[DISTINCT, NOT_LOOKING, precision] = without_looking(works[DISTINCT, HUB, precision])
    runs = time_in_turns(works, repeats, console)
    seconds = medians(runs)
    ratios = {
        precision: seconds[DISTINCT, HUB, precision] / seconds[REPEATS, HUB, precision] for precision in precisions()
    }
    comparisons = [
        Comparison(REPEATS, HUB, DISTINCT, ratios),
        Comparison(
            DISTINCT,
            HUB,
            NOT_LOOKING,
            {p: seconds[DISTINCT, NOT_LOOKING, p] / seconds[DISTINCT, HUB, p] for p in precisions()},
        ),
    ]
    repeated = repeated_share(inputs)
    console.print(f"{repeated:.1%} of {len(inputs.piece_ids):,} pieces stand in segments that were there before")
    report(ctx, out, runs, comparisons, n_pieces=len(inputs.piece_ids), repeated=repeated)


@app.command("peers")
def compare_peers(ctx: typer.Context, repeats: Repeats = 5, quick: Quick = False, out: Json = None) -> None:
    """The full document against every encoder for long documents, in float32."""
    size, repeats = (QUICK, 1) if quick else (BASE, repeats)
    full = random_pieces(size, full_lengths(size))
    with console.status("making encoders"):
        works = document_peers(size, "float32", list(peers.LONG_DOCUMENT))
        for precision in precisions():
            hub = our_encoder.make_shim(size, ADHOC, precision=precision)
            works[FULL, HUB, precision] = our_encoder.predicting(hub, full)
    runs = time_in_turns(works, repeats, console)
    seconds = medians(runs)
    comparisons = [compare(seconds, FULL, HUB, name, their_work=DOCUMENT) for name in peers.LONG_DOCUMENT]
    report(ctx, out, runs, comparisons, n_pieces=size.n_pieces)


if __name__ == "__main__":
    app()
