"""Dense layers over rows, each by the kernel that is fastest for the purpose.

On a CPU, torch multiplies float32 matrices with MKL, which uses half of what some processors have; the oneDNN that it
also brings multiplies them as fast as they go, with the activation on the way (benchmarks/dense.py). oneDNN has no
gradient here, so training goes through `torch.nn.functional`.
"""

import sys
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .one_dnn import one_dnn_linear, one_dnn_multiplies
from .tracing import is_traced

# Numbers of rows that kernels are compiled for: multiples of 8 up to 64, of 32 up to 1,024, of 64 above.
TILES = ((64, 8), (1024, 32), (sys.maxsize, 64))


class Dense(nn.Linear):
    """rows @ weight.T + bias, and GELU if asked for."""

    def forward(self, rows: Tensor, gelu: bool = False) -> Tensor:
        """(n_rows, n_in) -> (n_rows, n_out)"""
        return dense(rows, self.weight, self.bias, gelu)


class PreparedDense(nn.Module):
    """One or several dense layers beside each other as one product, for prediction: weights cast and laid out once.

    layers (Sequence[nn.Linear]): With the same input, and all with a bias or none; their outputs stand beside each
        other.
    dtype (torch.dtype): Of the product and its result.
    """

    def __init__(self, layers: Sequence[nn.Linear], dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        with torch.no_grad():
            weight = torch.cat([layer.weight.to(dtype) for layer in layers])
            biases = [layer.bias.to(dtype) for layer in layers if layer.bias is not None]
            self.bias: Tensor | None = torch.cat(biases) if biases else None
        on_cpu = weight.device.type == "cpu" and one_dnn_multiplies(dtype)
        # In the order in which oneDNN reads it, which no other operation can.
        self.blocks: Tensor | None = torch.ops.mkldnn._reorder_linear_weight(weight) if on_cpu else None
        self.weight = None if on_cpu else weight

    def forward(self, rows: Tensor, gelu: bool = False) -> Tensor:
        """(n_rows, n_in), of any precision -> (n_rows, n_out)"""
        rows = rows.to(self.dtype)
        if self.weight is not None:
            return dense(rows, self.weight, self.bias, gelu)
        return one_dnn_linear(rows, self.blocks, self.bias, gelu)


def dense(rows: Tensor, weight: Tensor, bias: Tensor | None, gelu: bool = False) -> Tensor:
    """Multiply, add, and activate.

    rows (Tensor): (n_rows, n_in).
    weight (Tensor): (n_out, n_in).
    bias (Tensor | None): (n_out,).
    gelu (bool): Whether the exact GELU (Hendrycks and Gimpel 2016) follows.
    RETURNS (Tensor): (n_rows, n_out).
    """
    if _may_use_one_dnn(rows, weight):
        return one_dnn_linear(rows, weight, bias, gelu)
    output = F.linear(rows, weight, bias)
    return F.gelu(output) if gelu else output


def whole_tiles(rows: Tensor) -> Tensor:
    """Add rows of zeros, a few hundredths at most of many rows, where oneDNN will multiply them.

    oneDNN compiles a kernel for each number of rows, and keeps half a megabyte for each of the last thousand: without
    this, a stream of documents, each of another length, has hundreds of megabytes of kernels.

    rows (Tensor): (n_rows, any).
    RETURNS (Tensor): (n_rows or more, any).
    """
    if rows.device.type != "cpu" or torch.is_grad_enabled() or is_traced() or not one_dnn_multiplies(torch.float32):
        return rows
    tile = next(tile for limit, tile in TILES if len(rows) <= limit)
    return F.pad(rows, (0, 0, 0, -len(rows) % tile)) if len(rows) % tile else rows


def _may_use_one_dnn(rows: Tensor, weight: Tensor) -> bool:
    """Whether nothing forbids it: a gradient, another device or precision, autocast (which it would not obey)."""
    if is_traced():  # what is recorded is read by others
        return False
    if rows.device.type != "cpu" or rows.dtype != weight.dtype or not len(rows) or torch.is_autocast_enabled("cpu"):
        return False
    if torch.is_grad_enabled() and (rows.requires_grad or weight.requires_grad):
        return False
    return one_dnn_multiplies(rows.dtype)
