"""The second kind of block: normalised before each half, places by rotation, a gated feed-forward half.

As in ModernBERT (Warner et al. 2024, arXiv 2412.13663). Projections that it fuses stand apart here, by their names.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN

from .attention import PackedSelfAttention
from .block import Product, added, run_block
from .dense import Dense
from .plan import AttentionPlan
from .rotary import Rotary


def rotary_norm(config: Any) -> nn.LayerNorm:
    """RETURNS (nn.LayerNorm): A layer norm of a configuration's width."""
    return nn.LayerNorm(config.hidden_size, eps=config.norm_eps, bias=config.norm_bias)


class RotaryEmbeddings(nn.Module):
    """Word embeddings, normalised. Positions are none of their business.

    config (RotaryHATConfig): Sizes.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.norm = rotary_norm(config)
        self.dropout = nn.Dropout(config.embedding_dropout)

    def forward(self, words: Tensor, _position_ids: Tensor, _token_type_ids: Tensor) -> Tensor:
        """Embed pieces: (n_pieces,) ids, or (n_pieces, hidden_size) word vectors -> (n_pieces, hidden_size)"""
        vectors = words if words.is_floating_point() else self.word_embeddings(words)
        return self.dropout(self.norm(vectors))

    def table_rows(self) -> dict[str, int]:
        """RETURNS (dict[str, int]): Rows of its tables, by the input that numbers them; the one token type has none."""
        return {"input_ids": len(self.word_embeddings.weight), "token_type_ids": 1}


class GatedFeedForwardIn(nn.Module):
    """act(W x) * (V x), the first half of a gated feed-forward layer (Shazeer 2020)."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.dense = Dense(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        self.gate = Dense(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        # GELU comes with the product, others after it.
        self.activation = None if config.hidden_act == "gelu" else ACT2FN[config.hidden_act]

    def forward(self, hidden: Tensor) -> Tensor:
        """(n_rows, hidden_size) -> (n_rows, intermediate_size)"""
        activated = self.dense(hidden, gelu=True) if self.activation is None else self.activation(self.dense(hidden))
        if torch.is_grad_enabled():
            return activated * self.gate(hidden)
        return activated.mul_(self.gate(hidden))  # it is this half's own


def gated_products(block: Any) -> list[Product]:
    """RETURNS (list[Product]): The dense layers outside of attention, of a block with a gated feed-forward layer."""
    gated = (Product(block.feed_forward, name) for name in ("dense", "gate"))
    return [Product(block, "attention_output"), *gated, Product(block, "feed_forward_output")]


class RotaryBlock(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x)).

    config (RotaryHATConfig): Sizes.
    rotary (Rotary): How its attention tells where rows stand, and how far they see.
    normalises_first (bool): Whether attention reads a normalised input. The lowest segment-wise block's is: its
        embeddings are.
    """

    def __init__(self, config: Any, rotary: Rotary, normalises_first: bool = True) -> None:
        super().__init__()
        width = config.hidden_size
        self.attention_norm = rotary_norm(config) if normalises_first else nn.Identity()
        self.attention = PackedSelfAttention(config, rotary, bias=config.attention_bias)
        self.attention_output = Dense(width, width, bias=config.attention_bias)
        self.attention_dropout = nn.Dropout(config.attention_dropout)
        self.feed_forward_norm = rotary_norm(config)
        self.feed_forward = GatedFeedForwardIn(config)
        self.feed_forward_dropout = nn.Dropout(config.mlp_dropout)
        self.feed_forward_output = Dense(config.intermediate_size, width, bias=config.mlp_output_bias)

    @property
    def self_attention(self) -> PackedSelfAttention:
        """RETURNS (PackedSelfAttention): Its attention."""
        return self.attention

    def before_attention(self, hidden: Tensor) -> Tensor:
        """What attention reads of a block's input: (n_rows, hidden_size) -> the same"""
        return self.attention_norm(hidden)

    def after_attention(self, context: Tensor, hidden: Tensor) -> Tensor:
        """The rest of the block: what attention gave, and the block's input, (n_rows, hidden_size) each -> the same"""
        attended = added(self.attention_dropout(self.attention_output(context)), hidden)
        inner = self.feed_forward_dropout(self.feed_forward(self.feed_forward_norm(attended)))
        return added(self.feed_forward_output(inner), attended)

    def pass_through(self, _vectors: Tensor) -> str:
        """Zero the output projections, so that nothing is added to any vectors. RETURNS (str): That, for a report."""
        for projection in (self.attention_output, self.feed_forward_output):
            for parameter in projection.parameters():
                parameter.zero_()
        return "output projections zero"

    def products(self) -> list[Product]:
        """RETURNS (list[Product]): Its dense layers outside of attention."""
        return gated_products(self)

    def forward(self, hidden: Tensor, plan: AttentionPlan, segments_only: bool = False) -> Tensor:
        """Run the block; see `run_block`."""
        return run_block(self, hidden, plan, segments_only)
