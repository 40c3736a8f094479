"""Multi-head self-attention over a packed tensor."""

from typing import Optional

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import HATConfig
from .plan import AttentionPlan, Bucket


class PackedSelfAttention(nn.Module):
    """softmax(QK^T / sqrt(head_size)) V inside each group of rows (Vaswani et al. 2017, section 3.2).

    One product makes queries, keys and values of all rows; attention runs bucket by bucket; results go back to where
    their rows stood. Parameter names are the published ones.
    """

    def __init__(self, config: HATConfig):
        super().__init__()
        self.n_heads = config.num_attention_heads
        self.dropout = config.attention_probs_dropout_prob
        self.query = nn.Linear(config.hidden_size, config.hidden_size)
        self.key = nn.Linear(config.hidden_size, config.hidden_size)
        self.value = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden: Tensor, plan: AttentionPlan, first_only: bool = False) -> Tensor:
        """Attend inside groups.

        hidden (Tensor): (n_rows, hidden_size).
        plan (AttentionPlan): The groups.
        first_only (bool): Whether the first row of each group alone attends (to all rows of its group).
        RETURNS (Tensor): (n_rows, hidden_size), or (n_groups, hidden_size).
        """
        if not plan.buckets:  # no rows either
            return hidden
        if first_only:
            return self._first_rows_attend(hidden, plan)
        qkv = _project(hidden, self.query, self.key, self.value)
        if plan.query_gate is not None:
            query, key_value = qkv.split([hidden.shape[-1], 2 * hidden.shape[-1]], dim=-1)
            qkv = torch.cat([query * plan.query_gate.to(query.dtype), key_value], dim=-1)
        contexts = [self._attend(qkv, bucket) for bucket in plan.buckets]
        if plan.unbucket is None:
            return contexts[0]
        return torch.cat(contexts).index_select(0, plan.unbucket)

    def _attend(self, qkv: Tensor, bucket: Bucket) -> Tensor:
        """(n_rows, 3 * hidden_size) -> (n_groups * width, hidden_size)"""
        query, key, value = self._split_heads(qkv, bucket, 3)
        context = attend(query, key, value, bucket.keys, self.dropout if self.training else 0.0)
        return context.transpose(1, 2).reshape(bucket.n_groups * bucket.width, -1)

    def _split_heads(self, packed: Tensor, bucket: Bucket, n_parts: int) -> tuple[Tensor, ...]:
        """(n_rows, n_parts * hidden_size) -> n_parts times (n_groups, n_heads, width, head_size)"""
        rows = packed if bucket.rows is None else packed.index_select(0, bucket.rows.flatten())
        heads = rows.view(bucket.n_groups, bucket.width, n_parts, self.n_heads, -1)
        return heads.permute(2, 0, 3, 1, 4).unbind()

    def _first_rows_attend(self, hidden: Tensor, plan: AttentionPlan) -> Tensor:
        """Only real rows come here, so no group is without keys and there is no query gate."""
        queries = self.query(hidden.index_select(0, plan.first_rows))
        key_value = _project(hidden, self.key, self.value)
        contexts = []
        for bucket in plan.buckets:
            key, value = self._split_heads(key_value, bucket, 2)
            query = queries.index_select(0, bucket.groups).view(bucket.n_groups, self.n_heads, 1, -1)
            context = attend(query, key, value, bucket.keys, self.dropout if self.training else 0.0)
            contexts.append(context.flatten(1))
        return torch.cat(contexts).index_select(0, plan.ungroup())


def _project(hidden: Tensor, *parts: nn.Linear) -> Tensor:
    """Several projections in one product: (n_rows, hidden_size) -> (n_rows, len(parts) * hidden_size)"""
    return F.linear(hidden, torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts]))


def attend(query: Tensor, key: Tensor, value: Tensor, keys: Optional[Tensor], dropout: float) -> Tensor:
    """Attention in one bucket, by the kernel that is fastest for the purpose.

    query, key, value (Tensor): (n_groups, n_heads, width, head_size); the width of the queries may be another.
    keys (Optional[Tensor]): (n_groups, 1, 1, width) bool, which rows may be attended to; None: all of them.
    dropout (float): Probability of a zero among the attention weights.
    RETURNS (Tensor): (n_groups, n_heads, width, head_size), of the queries' width.
    """
    if query.device.type == "cpu" and query.requires_grad and query.dtype != torch.float32:
        # On a CPU, the backward pass of torch's fused kernel is slow in half precision: benchmarks/attention.py.
        return plain_attention(query, key, value, keys, dropout)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=keys, dropout_p=dropout)


def plain_attention(query: Tensor, key: Tensor, value: Tensor, keys: Optional[Tensor], dropout: float) -> Tensor:
    """The same as `attend`, product by product. Every group has a row that may be attended to."""
    scores = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(-1, -2))
    if keys is not None:
        scores = scores.masked_fill(~keys, torch.finfo(scores.dtype).min)
    weights = F.dropout(torch.softmax(scores, dim=-1), dropout)
    return torch.matmul(weights, value)
