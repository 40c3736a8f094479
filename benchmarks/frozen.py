"""What a training step costs with frozen blocks, and with their output kept in a cache.

    python -m benchmarks.frozen

A document of full segments, at the size of MiniLM, the first four of six blocks segment-wise alone. The cache has seen
the document before, as in every epoch but the first.
"""

from dataclasses import replace
from typing import Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.comparisons import precisions
from benchmarks.our_encoder import training
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.sizes import QUICK, Size, full_lengths, random_pieces
from benchmarks.timing import Work, medians, run_rows, time_in_turns

MINILM = Size(384, 6, 12, 1536, 30_522)
LAYOUT = "S|S|S|S|SD|SD"
NOTHING = "nothing frozen"
SETTINGS: dict[str, dict[str, Any]] = {
    NOTHING: {},
    "frozen_blocks = 4": {"frozen_blocks": 4},
    'frozen_blocks = 4, output = "segments"': {"frozen_blocks": 4, "output": "segments"},
    "frozen_blocks = 4, cached": {"frozen_blocks": 4, "segment_cache_mb": 1000},
    'frozen_blocks = 4, cached, output = "segments"': {
        "frozen_blocks": 4,
        "segment_cache_mb": 1000,
        "output": "segments",
    },
}


def main(ctx: typer.Context, repeats: Repeats = 7, quick: Quick = False, out: Json = None) -> None:
    """Time training steps (forward and backward, without the optimizer's) with and without frozen blocks."""
    console = Console()
    size = replace(QUICK, n_layers=6) if quick else MINILM
    inputs = random_pieces(size, full_lengths(size))
    works: dict[tuple[str, str, str], Work] = {}
    for precision in precisions():
        for name, settings in SETTINGS.items():
            torch.manual_seed(0)
            works["training step", name, precision] = training(size, LAYOUT, inputs, precision, **settings)
    for work in works.values():
        work()  # fills the caches
    runs = time_in_turns(works, 1 if quick else repeats, console)
    seconds = medians(runs)
    table = Table("settings", *precisions(), title=f"times as fast as with {NOTHING}")
    for name in SETTINGS:
        times = [(seconds["training step", NOTHING, p], seconds["training step", name, p]) for p in precisions()]
        table.add_row(name, *(f"{before / after:.2f}" for before, after in times))
    console.print(table)
    write_results(out, command_line(ctx, "frozen.py"), {"runs": run_rows(runs), "n_pieces": len(inputs.piece_ids)})


if __name__ == "__main__":
    typer.run(main)
