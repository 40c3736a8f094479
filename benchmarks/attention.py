"""Which attention is fastest on this CPU: torch's fused kernel, or plain products?

`spacy_hat/modeling/attention.py` chooses by the answer. Times are medians; only ratios within one run mean anything.

    python -m benchmarks.attention
"""

from collections.abc import Callable
from itertools import product
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.nn import functional as F

from benchmarks.timing import median_seconds
from spacy_hat.modeling.attention import plain_attention

N_HEADS, HEAD_SIZE = 12, 32
PIECES = 5120


def measure(width: int, dtype: torch.dtype, training: bool, masked: bool, repeats: int) -> float:
    """Time both kinds of attention on segments of one length.

    width (int): Pieces of a segment.
    dtype (torch.dtype): Precision.
    training (bool): With the backward pass.
    masked (bool): With a mask over keys.
    repeats (int): How often each is timed.
    RETURNS (float): Time of the fused kernel, divided by that of the plain products.
    """
    shape = (PIECES // width, N_HEADS, width, HEAD_SIZE)
    query, key, value = (torch.randn(shape, dtype=dtype, requires_grad=training) for _ in range(3))
    keys = torch.arange(width).expand(shape[0], 1, 1, width) < width - 2 if masked else None

    def run(attention: Callable[[], Tensor]) -> Callable[[], object]:
        return (lambda: attention().sum().backward()) if training else attention

    fused = run(lambda: F.scaled_dot_product_attention(query, key, value, attn_mask=keys))
    plain = run(lambda: plain_attention(query, key, value, keys, 0.0))
    with torch.set_grad_enabled(training):
        return median_seconds(fused, repeats) / median_seconds(plain, repeats)


def main(
    repeats: Annotated[int, typer.Option(help="Timed runs of each")] = 7,
    quick: Annotated[bool, typer.Option("--quick", help="One timed run of each")] = False,
) -> None:
    """Compare fused and plain attention."""
    cases = list(product((32, 128), (torch.float32, torch.bfloat16), (False, True), (False, True)))
    table = Table("pieces of a segment", "precision", "work", "mask", "fused / plain")
    for width, dtype, training, masked in track(cases, description="timing"):
        ratio = measure(width, dtype, training, masked, 1 if quick else repeats)
        work = "forward and backward" if training else "forward"
        table.add_row(str(width), str(dtype).removeprefix("torch."), work, "yes" if masked else "no", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
