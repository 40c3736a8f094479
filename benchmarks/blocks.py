"""What do rotary blocks cost, beside BERT's of equal products? Both in the same packed engine, on the same segments.

    python -m benchmarks.blocks

A block of either kind has the same number of multiplications in its dense layers: ModernBERT-base's (768 wide, 1,152
inside its gated half) and BERT's (768 wide, 1,728 inside). Medians of turns; only ratios within a row mean anything.
"""

from typing import Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.comparisons import precisions
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.timing import Work, medians, run_rows, time_in_turns
from spacy_hat.modeling import HATConfig, HATModel, PackedInputs, RotaryHATConfig
from spacy_hat.modeling.prepare import prepared

BERT, ROTARY = "BERT's", "rotary"
LAYOUT = "S|SD|S"
# Width, heads, width inside a gated half: ModernBERT-base's, and a tiny one's.
SIZES = {"base": (768, 12, 1152), "tiny": (64, 4, 96)}
LENGTHS = {"full segments of 128": [128] * 16, "sentences of 8 to 60": [8, 12, 17, 21, 25, 28, 33, 38, 44, 60] * 6}
MICRO_BATCH = 2048


def models(size: str) -> dict[str, HATModel]:
    """RETURNS (dict[str, HATModel]): Encoders of random weights, three blocks of either kind."""
    width, heads, gated = SIZES[size]
    shared: Any = {"vocab_size": 1000, "hidden_size": width, "num_attention_heads": heads, "layout": LAYOUT}
    bert = HATConfig(**shared, intermediate_size=gated * 3 // 2, document_position_embeddings=True, max_segments=128)
    rotary = RotaryHATConfig(**shared, intermediate_size=gated, pad_token_id=1)
    return {BERT: HATModel(bert).eval(), ROTARY: HATModel(rotary).eval()}


def document(lengths: list[int]) -> PackedInputs:
    """RETURNS (PackedInputs): One document of segments of random pieces."""
    sizes = np.array(lengths)
    pieces = np.random.default_rng(0).integers(5, 1000, size=int(sizes.sum()))
    return PackedInputs(pieces, sizes, np.array([len(sizes)]), np.arange(len(sizes)))


def predicting(model: HATModel, inputs: PackedInputs, precision: str) -> Work:
    """RETURNS (Work): The document, encoded in a precision."""
    encoder = model if precision == "float32" else prepared(model, getattr(torch, precision))

    def predict() -> None:
        with torch.no_grad():
            encoder.forward_packed(inputs, max_batch_pieces=MICRO_BATCH)

    return predict


def training(model: HATModel, inputs: PackedInputs) -> Work:
    """RETURNS (Work): A forward and a backward pass, in float32."""

    def train() -> None:
        model.zero_grad()
        model.forward_packed(inputs).square().mean().backward()

    return train


def main(ctx: typer.Context, repeats: Repeats = 15, quick: Quick = False, out: Json = None) -> None:
    """Time blocks of both kinds."""
    console = Console()
    works: dict[tuple[str, str, str], Work] = {}
    encoders = models("tiny" if quick else "base")
    for name, lengths in LENGTHS.items():
        inputs = document(lengths[:4] if quick else lengths)
        for kind, model in encoders.items():
            for precision in precisions():
                works[name, kind, precision] = predicting(model, inputs, precision)
            works[name, kind, "training"] = training(model, inputs)
    runs = time_in_turns(works, 1 if quick else repeats, console)
    seconds = medians(runs)
    table = Table("document", "work", f"{BERT}, ms", f"{ROTARY}, ms", "ratio", title=f"layout {LAYOUT}")
    for name, kind, work in works:
        if kind == BERT:
            ours, theirs = seconds[name, ROTARY, work], seconds[name, BERT, work]
            table.add_row(name, work, f"{1000 * theirs:.0f}", f"{1000 * ours:.0f}", f"{ours / theirs:.2f}")
    console.print(table)
    write_results(out, command_line(ctx, "blocks.py"), {"runs": run_rows(runs)})


if __name__ == "__main__":
    typer.run(main)
