"""Which kernel is fastest for a dense layer on this CPU? `spacy_hat/modeling/dense.py` chooses by the answer.

    python -m benchmarks.dense

`F.linear` is MKL in float32 and oneDNN in bfloat16; oneDNN with weights as they are, and with weights laid out for it
beforehand. Medians of turns; only ratios within a row mean anything.
"""

from itertools import product

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional as F

from benchmarks.comparisons import precisions
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.timing import Work, medians, run_rows, time_in_turns
from spacy_hat.modeling.dense import PreparedDense, dense
from spacy_hat.modeling.one_dnn import one_dnn_multiplies

WIDTHS = (384, 768)
ROWS = (32, 256, 1024, 4096)
LINEAR, ONE_DNN, PREPARED = "F.linear", "oneDNN", "oneDNN, laid out"


def kernels(width: int, n_rows: int, precision: str) -> dict[str, Work]:
    """RETURNS (dict[str, Work]): The first product of a feed-forward half, with its GELU, by each kernel."""
    dtype = getattr(torch, precision)
    layer = nn.Linear(width, 4 * width).to(dtype).requires_grad_(False)
    rows = torch.randn(n_rows, width).to(dtype)
    prepared = PreparedDense([layer], dtype)
    calls = 4 * max(ROWS) // n_rows
    return {
        LINEAR: again(lambda: F.gelu(F.linear(rows, layer.weight, layer.bias)), calls),
        ONE_DNN: again(lambda: dense(rows, layer.weight, layer.bias, gelu=True), calls),
        PREPARED: again(lambda: prepared(rows, gelu=True), calls),
    }


def again(work: Work, calls: int) -> Work:
    """RETURNS (Work): The same so many times: the first call after another library's has to wake its threads."""

    def repeated() -> None:
        for _ in range(calls):
            work()

    return repeated


def main(ctx: typer.Context, repeats: Repeats = 15, quick: Quick = False, out: Json = None) -> None:
    """Time the kernels of a dense layer."""
    console = Console()
    if not one_dnn_multiplies(torch.float32):
        raise typer.BadParameter("This torch has no oneDNN, so there is nothing to choose from.")
    cases = list(product(precisions(), WIDTHS[:1] if quick else WIDTHS, ROWS[:1] if quick else ROWS))
    works = {
        (f"{width} wide, {n_rows} rows", kernel, precision): work
        for precision, width, n_rows in cases
        for kernel, work in kernels(width, n_rows, precision).items()
    }
    with torch.no_grad():
        runs = time_in_turns(works, 1 if quick else repeats, console)
    seconds = medians(runs)
    table = Table("product", "precision", ONE_DNN, PREPARED, title=f"times as fast as {LINEAR}")
    for work, kernel, precision in works:
        if kernel == LINEAR:
            ratios = (
                seconds[work, kernel, precision] / seconds[work, other, precision] for other in (ONE_DNN, PREPARED)
            )
            table.add_row(work, precision, *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)
    write_results(out, command_line(ctx, "dense.py"), {"runs": run_rows(runs)})


if __name__ == "__main__":
    typer.run(main)
