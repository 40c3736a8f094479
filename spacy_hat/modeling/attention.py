"""Multi-head self-attention over a packed tensor."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import HATConfig
from .dense import Dense, dense, whole_tiles
from .plan import AttentionPlan, Bucket
from .rotary import Rotary, turn
from .tracing import is_traced
from .varlen import attend_varlen, takes_reach, takes_varlen

# Rows of a group, from which on a CPU wants another kernel.
LONG_GROUP = 64


class PackedSelfAttention(nn.Module):
    """softmax(QK^T / sqrt(head_size)) V inside each group of rows (Vaswani et al. 2017, section 3.2).

    Queries, keys and values of all rows are made at once; attention runs bucket by bucket; results go back to where
    their rows stood. Parameter names are the published ones.

    config (HATConfig): Sizes.
    rotary (Rotary | None): How queries and keys are turned, and how far they see; None: not, and the whole group.
    bias (bool): Whether the three projections have one.
    """

    def __init__(self, config: HATConfig, rotary: Rotary | None = None, bias: bool = True) -> None:
        super().__init__()
        self.n_heads = config.num_attention_heads
        self.dropout = config.attention_probs_dropout_prob
        self.rotary = rotary
        self.query = Dense(config.hidden_size, config.hidden_size, bias=bias)
        self.key = Dense(config.hidden_size, config.hidden_size, bias=bias)
        self.value = Dense(config.hidden_size, config.hidden_size, bias=bias)
        self.prepared_key_value: nn.Module | None = None
        self.read: Callable[[Tensor], Any] | None = None

    def prepare(
        self, make_product: Callable[[Sequence[nn.Linear]], nn.Module], read: Callable[[Tensor], Any] | None = None
    ) -> None:
        """Predict by other products from now on; see `prepare.prepared`.

        make_product (Callable[[Sequence[nn.Linear]], nn.Module]): Makes one product of layers beside each other.
        read (Callable[[Tensor], Any] | None): What both products need of the rows, done once; None: nothing.
        """
        self.prepared_key_value = make_product([self.key, self.value])
        self.query = make_product([self.query])  # type: ignore[assignment]
        self.read = read

    def forward(self, hidden: Tensor, plan: AttentionPlan, segments_only: bool = False) -> Tensor:
        """Attend inside groups.

        hidden (Tensor): (n_rows or more, hidden_size); what stands behind the rows of the plan is not looked at.
        plan (AttentionPlan): The groups.
        segments_only (bool): Whether the first row of each group alone attends (to all rows of its group).
        RETURNS (Tensor): (n_rows, hidden_size), or (n_groups, hidden_size).
        """
        if not plan.buckets:  # no rows either
            return hidden
        rows = hidden if self.read is None else self.read(hidden)
        queries = self.query(whole_tiles(hidden.index_select(0, plan.first_rows)) if segments_only else rows)
        if plan.query_gate is not None:  # only where padding is computed, which segments_only never does
            queries = queries[: len(plan.query_gate)] * plan.query_gate.to(queries.dtype)
        keys_values = self.keys_and_values(rows)
        if self.rotary is not None:
            cosines, sines = self.rotary.turns(plan.places, self.head_size)
            keys_values = turn(keys_values[: len(cosines)], (cosines, sines), self.n_heads)
            if segments_only:
                cosines, sines = (part.index_select(0, plan.first_rows) for part in (cosines, sines))
            queries = turn(queries[: len(cosines)], (cosines, sines), self.n_heads)
        reach = None if self.rotary is None else self.rotary.reach_in(plan)
        if takes_varlen(queries, self.head_size, self.dropout if self.training else 0.0, plan) and (
            reach is None or takes_reach(plan, segments_only)
        ):
            return attend_varlen(queries, keys_values, self.n_heads, plan, segments_only, reach)
        contexts = [self._attend(queries, keys_values, plan, bucket, segments_only) for bucket in plan.buckets]
        if segments_only:
            return torch.cat(contexts).index_select(0, plan.ungroup())
        return contexts[0] if plan.unbucket is None else torch.cat(contexts).index_select(0, plan.unbucket)

    @property
    def head_size(self) -> int:
        """RETURNS (int): Numbers of a head."""
        return self.key.in_features // self.n_heads

    def keys_and_values(self, hidden: Tensor) -> Tensor:
        """Make both in one product: (n_rows, hidden_size) -> (n_rows, 2 * hidden_size); keys are not turned yet."""
        if self.prepared_key_value is not None:
            return self.prepared_key_value(hidden)
        weight = torch.cat([self.key.weight, self.value.weight])
        bias = None if self.key.bias is None else torch.cat([self.key.bias, self.value.bias])
        return dense(hidden, weight, bias)

    def turned(self, rows: Tensor, places: Tensor) -> Tensor:
        """Turn queries, or the keys of keys and values, by where they stand, if this attention does.

        rows (Tensor): (n_rows or more, hidden_size or 2 * hidden_size), just made: they may be written to.
        places (Tensor): (n_rows,) int64.
        RETURNS (Tensor): (n_rows, hidden_size or 2 * hidden_size).
        """
        if self.rotary is None:
            return rows
        return turn(rows[: places.shape[0]], self.rotary.turns(places, self.head_size), self.n_heads)

    def _attend(
        self, queries: Tensor, keys_values: Tensor, plan: AttentionPlan, bucket: Bucket, segments_only: bool
    ) -> Tensor:
        """Attention in one bucket -> (n_groups * width, hidden_size), or (n_groups, hidden_size)"""
        key, value = self._split_heads(bucket.take(keys_values), bucket.width, 2)
        if segments_only:
            (query,) = self._split_heads(queries.index_select(0, bucket.groups), 1, 1)
        else:
            (query,) = self._split_heads(bucket.take(queries), bucket.width, 1)
        dropout = self.dropout if self.training else 0.0
        if self.rotary is None:
            context = attend(query, key, value, bucket.keys, dropout)
        else:
            parts = [
                attend(
                    query[:, :, asking],
                    key[:, :, asked],
                    value[:, :, asked],
                    self.rotary.keys_in_reach(plan, bucket, asking, asked),
                    dropout,
                )
                for asking, asked in self.rotary.portions(bucket.width, segments_only)
            ]
            context = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
        return context.transpose(1, 2).reshape(-1, queries.shape[-1])

    def _split_heads(self, rows: Tensor, width: int, n_parts: int) -> tuple[Tensor, ...]:
        """(n_groups * width, n_parts * hidden_size) -> n_parts times (n_groups, n_heads, width, head_size)"""
        head_size = rows.shape[-1] // n_parts // self.n_heads
        return rows.view(-1, width, n_parts, self.n_heads, head_size).permute(2, 0, 3, 1, 4).unbind()


def attend(query: Tensor, key: Tensor, value: Tensor, keys: Tensor | None, dropout: float) -> Tensor:
    """Attention in one bucket, by the kernel that is fastest for the purpose.

    query, key, value (Tensor): (n_groups, n_heads, width, head_size); the width of the queries may be another.
    keys (Tensor | None): (n_groups, 1, 1, width) bool, which rows may be attended to; None: all of them.
    dropout (float): Probability of a zero among the attention weights.
    RETURNS (Tensor): (n_groups, n_heads, width, head_size), of the queries' width.
    """
    if query.device.type == "cpu" and not is_traced() and _plain_is_faster(query, key):
        return plain_attention(query, key, value, keys, dropout)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=keys, dropout_p=dropout)


def _plain_is_faster(query: Tensor, key: Tensor) -> bool:
    """Which kernel a CPU wants: benchmarks/attention.py.

    Plain products in half precision are oneDNN's, with kernels of their own for each shape (see `whole_tiles`). Short
    groups, of which there are many shapes and which matter little, go through the fused kernel in prediction, and so do
    single queries and all float32.
    """
    is_long = key.shape[2] >= LONG_GROUP
    if query.dtype == torch.float32:
        return query.requires_grad and not is_long
    return query.requires_grad or (is_long and query.shape[2] > 1)


def plain_attention(query: Tensor, key: Tensor, value: Tensor, keys: Tensor | None, dropout: float) -> Tensor:
    """The same as `attend`, product by product. Every group has a row that may be attended to."""
    n_groups, n_heads, width, head_size = query.shape
    flat = [part.reshape(n_groups * n_heads, -1, head_size) for part in (query, key, value)]
    # With beta = 0 the first argument is not read.
    unread = query.new_empty(())
    scores = torch.baddbmm(unread, flat[0], flat[1].transpose(1, 2), beta=0, alpha=head_size**-0.5)
    if keys is not None:
        never = torch.zeros_like(keys, dtype=scores.dtype).masked_fill_(~keys, torch.finfo(scores.dtype).min)
        scores = (scores.view(n_groups, n_heads, width, -1) + never).view(scores.shape)
    weights = F.dropout(torch.softmax(scores, dim=-1), dropout)
    return torch.bmm(weights, flat[2]).view(n_groups, n_heads, width, head_size)
