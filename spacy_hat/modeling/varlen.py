"""Attention inside groups of any lengths in one call, where torch has a kernel for it: on a GPU, in half precision.

It reads the packed rows as they are; there are no buckets, no masks and no copies.
"""

import inspect
from typing import Any

import torch
from torch import Tensor

from .plan import AttentionPlan

try:
    from torch.nn.attention.varlen import varlen_attn
except ImportError:  # torch below 2.10
    varlen_attn: Any | None = None  # type: ignore[no-redef]

TAKES_REACH = varlen_attn is not None and "window_size" in inspect.signature(varlen_attn).parameters
# What FlashAttention (Dao 2023), which is behind it, can do.
HALF_PRECISIONS = (torch.float16, torch.bfloat16)
LARGEST_HEAD = 256
HEAD_STEP = 8
OLDEST_GPU = (8, 0)


def takes_varlen(queries: Tensor, head_size: int, dropout: float, plan: AttentionPlan) -> bool:
    """Whether the kernel is there and can do what is wanted.

    queries (Tensor): (n_queries, hidden_size).
    head_size (int): Numbers of a head.
    dropout (float): Among attention weights; the kernel has none.
    plan (AttentionPlan): The groups; the kernel has no mask over keys.
    RETURNS (bool): Whether `attend_varlen` may be called.
    """
    if varlen_attn is None or queries.device.type != "cuda" or queries.dtype not in HALF_PRECISIONS:
        return False
    masked = plan.query_gate is not None
    odd_head = head_size > LARGEST_HEAD or head_size % HEAD_STEP != 0
    if dropout or masked or odd_head:
        return False
    return torch.cuda.get_device_capability(queries.device) >= OLDEST_GPU


def takes_reach(plan: AttentionPlan, segments_only: bool) -> bool:
    """Whether the kernel can let rows see a part of their group.

    plan (AttentionPlan): The groups; the kernel counts rows, and so must their places.
    segments_only (bool): Whether there is one query a group, which the kernel would take for that of the last row.
    RETURNS (bool): Whether `attend_varlen` may be called with a reach.
    """
    return TAKES_REACH and not plan.has_gaps and not segments_only


def attend_varlen(
    queries: Tensor,
    keys_values: Tensor,
    n_heads: int,
    plan: AttentionPlan,
    segments_only: bool,
    reach: int | None = None,
) -> Tensor:
    """Let rows attend inside their groups.

    queries (Tensor): (n_rows or more, hidden_size); with segments_only, (n_groups or more, hidden_size).
    keys_values (Tensor): (n_rows or more, 2 * hidden_size).
    n_heads (int): Heads.
    plan (AttentionPlan): The groups.
    segments_only (bool): Whether there is one query a group.
    reach (int | None): How far a row sees; None: the whole group.
    RETURNS (Tensor): (n_rows, hidden_size), or (n_groups, hidden_size).
    """
    assert varlen_attn is not None  # takes_varlen said so
    bounds, longest = plan.bounds, plan.buckets[0].width
    query_bounds, most = bounds, longest
    if segments_only:
        query_bounds, most = torch.arange(len(bounds), dtype=torch.int32, device=bounds.device), 1
    # Rows behind the last group would have gradients that are not numbers.
    n_rows, width = plan.places.shape[0], queries.shape[-1]
    n_queries = len(bounds) - 1 if segments_only else n_rows
    key, value = keys_values[:n_rows].view(n_rows, 2, n_heads, width // n_heads).unbind(1)
    query = queries[:n_queries].view(n_queries, n_heads, width // n_heads)
    options: Any = {} if reach is None else {"window_size": (reach, reach)}
    attended: Any = varlen_attn(query, key, value, query_bounds, bounds, most, longest, **options)
    return attended.reshape(-1, width)
