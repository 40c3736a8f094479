"""Dense layers in 8 bits, for prediction: weights quantised once, rows as they come.

    output[row] = scale[row] * (numbers[row] @ numbers of the weights * their scales) + bias

Both are symmetric: weights have a scale for each output, rows one for each row, of which the largest number becomes
127. So what a row becomes depends on that row alone, and as sums are whole numbers, not on how the product is cut into
tiles either. oneDNN takes one scale for all rows, so the kernel applies those of the weights, and what is left is one
pass over its output. Rows are stored as numbers from 1 to 255 around 128, which is what processors multiply fastest.
"""

from collections.abc import Sequence
from functools import cache
from time import perf_counter
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LARGEST, ZERO = 127, 128
# The least that GELU can be is a little above this.
LEAST_GELU = -0.17
# Without a kernel for the processor, oneDNN multiplies number by number, and takes thousands of times as long.
SLOW = 50


class QuantisedRows(NamedTuple):
    """Rows in 8 bits.

    numbers (Tensor): (n_rows, n_in) uint8, 128 for zero.
    scales (Tensor): (n_rows, 1) float32, by which the numbers are to be multiplied.
    """

    numbers: Tensor
    scales: Tensor


def quantise_rows(rows: Tensor) -> QuantisedRows:
    """Quantise each row by its own largest number.

    rows (Tensor): (n_rows, n_in), of any precision. Numbers that are not finite give scales that are not, so that they
        are found in the output as well.
    RETURNS (QuantisedRows): The rows.
    """
    rows = rows.float()
    largest = torch.maximum(rows.amax(dim=1, keepdim=True), -rows.amin(dim=1, keepdim=True))
    return _quantise(rows, largest.clamp_(min=torch.finfo(torch.float32).tiny), None)


def _quantise_gelu(rows: Tensor) -> QuantisedRows:
    """The same for rows that come from a GELU, which is known not to go far below zero. Writes into them."""
    return _quantise(rows, rows.amax(dim=1, keepdim=True).clamp_(min=-LEAST_GELU), rows)


def _quantise(rows: Tensor, largest: Tensor, out: Tensor | None) -> QuantisedRows:
    # Not at once to uint8, nor with 128 added before: both are many times slower.
    numbers = torch.mul(rows, LARGEST / largest, out=out).round_().to(torch.int8)
    return QuantisedRows(numbers.bitwise_xor_(-ZERO).view(torch.uint8), largest / LARGEST)


class Int8Dense(nn.Module):
    """One or several dense layers beside each other as one product in 8 bits, on a CPU that `multiplies_int8`.

    layers (Sequence[nn.Linear]): With the same input; their outputs stand beside each other.
    dtype (torch.dtype): Of the output.
    follows_gelu (bool): Whether its rows come from a GELU in float32, and nobody else needs them.
    """

    def __init__(
        self, layers: Sequence[nn.Linear], dtype: torch.dtype = torch.float32, follows_gelu: bool = False
    ) -> None:
        super().__init__()
        self.dtype = dtype
        self.quantise = _quantise_gelu if follows_gelu else quantise_rows
        with torch.no_grad():
            weight = torch.cat([layer.weight.float() for layer in layers])
            biases = [layer.bias.float() for layer in layers if layer.bias is not None]
            self.bias: Tensor | None = torch.cat(biases) if biases else None
            largest = weight.abs().amax(dim=1).clamp_(min=torch.finfo(torch.float32).tiny)
            numbers = (weight * (LARGEST / largest)[:, None]).round_().to(torch.int8)
        self.scales: Tensor = largest / LARGEST
        # In the order in which oneDNN reads them, which no other operation can.
        self.blocks: Tensor = torch.ops.onednn.qlinear_prepack(numbers, None)

    def forward(self, rows: Tensor | QuantisedRows, gelu: bool = False) -> Tensor:
        """(n_rows, n_in), of any precision -> (n_rows, n_out)"""
        if isinstance(rows, Tensor):
            rows = self.quantise(rows)
        output = _multiply(rows.numbers, self.blocks, self.scales)
        if self.bias is None:
            output.mul_(rows.scales)
        else:
            torch.addcmul(self.bias, output, rows.scales, out=output)
        return (torch.ops.aten.gelu_(output) if gelu else output).to(self.dtype)


def _multiply(numbers: Tensor, blocks: Tensor, scales: Tensor) -> Tensor:
    """(n_rows, n_in) uint8, weights of (n_out, n_in), (n_out,) -> (n_rows, n_out) float32"""
    no_zeros = torch.zeros(1, dtype=torch.int32)
    return torch.ops.onednn.qlinear_pointwise(
        numbers, 1.0, ZERO, blocks, scales, no_zeros, None, 1.0, 0, torch.float32, "none", [], ""
    )


@cache
def multiplies_int8() -> bool:
    """Whether this torch multiplies numbers of 8 bits on this CPU: exactly, and by a kernel that is made for it.

    RETURNS (bool): False for processors whose instructions for it overflow, or that have none.
    """
    rows = torch.full((16, 64), ZERO + LARGEST, dtype=torch.uint8)
    weight = torch.full((64, 64), LARGEST, dtype=torch.int8)
    ones = torch.ones(64)
    try:  # torch's compiler is what calls these operators, so a later version may change them
        blocks = torch.ops.onednn.qlinear_prepack(weight, None)
        exact = _multiply(rows, blocks, ones).eq(64 * LARGEST**2).all().item()
    except (AttributeError, RuntimeError, TypeError):
        return False
    plain_rows, plain_weight = rows.float(), weight.float()
    quick, plain = _seconds(_multiply, rows, blocks, ones), _seconds(F.linear, plain_rows, plain_weight)
    return bool(exact) and quick < SLOW * plain


def _seconds(function: object, *arguments: Tensor) -> float:
    """The least of some runs: a busy machine slows one or another."""
    least = float("inf")
    for _ in range(5):
        start = perf_counter()
        function(*arguments)  # type: ignore[operator]
        least = min(least, perf_counter() - start)
    return least
