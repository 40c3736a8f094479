"""Rotary blocks that normalise after each half, as those of nomic-bert and gte-v1.5 do.

Nussbaum et al. 2024 (arXiv 2402.01613), Zhang et al. 2024 (arXiv 2407.19669). Everything else of them, and the names of
their weights, is as in rotary_block.py.
"""

from typing import Any

from torch import Tensor, nn

from .attention import PackedSelfAttention
from .block import Product, added, pass_through_half, run_block
from .dense import Dense
from .plan import AttentionPlan
from .rotary import Rotary
from .rotary_block import GatedFeedForwardIn, gated_products, rotary_norm


class RotaryPostNormBlock(nn.Module):
    """norm(x + attention(x)), then norm(x + feed-forward(x)).

    config (RotaryHATConfig): Sizes.
    rotary (Rotary): How its attention tells where rows stand, and how far they see.
    """

    def __init__(self, config: Any, rotary: Rotary) -> None:
        super().__init__()
        width = config.hidden_size
        self.attention = PackedSelfAttention(config, rotary, bias=config.attention_bias)
        self.attention_output = Dense(width, width, bias=config.attention_bias)
        self.attention_norm = rotary_norm(config)
        self.feed_forward = GatedFeedForwardIn(config)
        self.feed_forward_output = Dense(config.intermediate_size, width, bias=config.mlp_output_bias)
        self.feed_forward_norm = rotary_norm(config)
        self.dropout = nn.Dropout(config.mlp_dropout)

    @property
    def self_attention(self) -> PackedSelfAttention:
        """RETURNS (PackedSelfAttention): Its attention."""
        return self.attention

    def before_attention(self, hidden: Tensor) -> Tensor:
        """What attention reads of a block's input: (n_rows, hidden_size) -> the same"""
        return hidden

    def after_attention(self, context: Tensor, hidden: Tensor) -> Tensor:
        """The rest of the block: what attention gave, and the block's input, (n_rows, hidden_size) each -> the same"""
        attended = self.attention_norm(added(self.dropout(self.attention_output(context)), hidden))
        inner = self.dropout(self.feed_forward(attended))
        return self.feed_forward_norm(added(self.dropout(self.feed_forward_output(inner)), attended))

    def pass_through(self, vectors: Tensor) -> str:
        """Zero the output projections, and let both layer norms restore what they take away.

        vectors (Tensor): (n_segments, hidden_size), such as those that are to be passed through.
        RETURNS (str): What was done, for a report.
        """
        pass_through_half(self.attention_output, self.attention_norm, vectors)
        pass_through_half(self.feed_forward_output, self.feed_forward_norm, vectors)
        return "output projections zero, layer norms calibrated"

    def products(self) -> list[Product]:
        """RETURNS (list[Product]): Its dense layers outside of attention."""
        return gated_products(self)

    def forward(self, hidden: Tensor, plan: AttentionPlan, segments_only: bool = False) -> Tensor:
        """Run the block; see `run_block`."""
        return run_block(self, hidden, plan, segments_only)
