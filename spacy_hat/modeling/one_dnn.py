"""What the oneDNN inside this torch can do on this processor. Probed once; who asks falls back where it says no."""

from functools import cache

import torch
from torch import Tensor

from ..machine.processor import cpu_multiplies_bfloat16


@cache
def one_dnn_multiplies(dtype: torch.dtype) -> bool:
    """Whether oneDNN is part of this torch and multiplies such numbers natively on this CPU.

    dtype (torch.dtype): Of the numbers.
    RETURNS (bool): True for float32 wherever oneDNN is, for bfloat16 on CPUs that have it, False for others.
    """
    if dtype == torch.bfloat16 and not cpu_multiplies_bfloat16():
        return False
    if dtype not in (torch.float32, torch.bfloat16) or not torch.backends.mkldnn.is_available():
        return False
    try:  # torch's compiler is what calls this operator, so a later version may change it
        ones = torch.ones(1, 1, dtype=dtype)
        with torch.no_grad():
            return one_dnn_linear(ones, torch.ops.mkldnn._reorder_linear_weight(ones), ones[0], False).item() == 2.0
    except (AttributeError, RuntimeError):
        return False


def one_dnn_linear(rows: Tensor, weight: Tensor | None, bias: Tensor | None, gelu: bool) -> Tensor:
    """Multiply, add, and activate, by oneDNN; only where `one_dnn_multiplies` says so.

    rows (Tensor): (n_rows, n_in).
    weight (Tensor | None): (n_out, n_in), or the same as laid out by oneDNN.
    bias (Tensor | None): (n_out,).
    gelu (bool): Whether the exact GELU follows.
    RETURNS (Tensor): (n_rows, n_out).
    """
    activation, algorithm = ("gelu", "none") if gelu else ("none", "")
    return torch.ops.mkldnn._linear_pointwise(rows, weight, bias, activation, [], algorithm)
