"""One transformer block over packed rows, and the embeddings below the first, with the published parameter names."""

from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN

from .attention import PackedSelfAttention
from .config import HATConfig
from .dense import Dense, whole_tiles
from .plan import AttentionPlan


class Product(NamedTuple):
    """One of a block's dense layers outside of its attention, and where it stands.

    owner (nn.Module): The module that it is an attribute of.
    name (str): The attribute.
    follows_gelu (bool): Whether its rows come straight from a GELU.
    """

    owner: nn.Module
    name: str
    follows_gelu: bool = False

    @property
    def layer(self) -> nn.Linear:
        """RETURNS (nn.Linear): The layer."""
        return cast(nn.Linear, getattr(self.owner, self.name))

    def replace(self, product: nn.Module) -> None:
        """Put another product in its place."""
        setattr(self.owner, self.name, product)


class Block(Protocol):
    """What a block of any kind is, around its attention."""

    @property
    def self_attention(self) -> PackedSelfAttention: ...

    def before_attention(self, hidden: Tensor) -> Tensor: ...

    def after_attention(self, context: Tensor, hidden: Tensor) -> Tensor: ...

    def pass_through(self, vectors: Tensor, /) -> str: ...

    def products(self) -> list[Product]: ...


class Embeddings(nn.Module):
    """Word, token type and position embeddings, summed and normalised."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        pad = config.pad_token_id
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=pad)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size, padding_idx=pad)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, words: Tensor, position_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        """Embed pieces.

        words (Tensor): (n_pieces,) piece ids, or (n_pieces, hidden_size) word vectors.
        position_ids (Tensor): (n_pieces,) rows of the token position table.
        token_type_ids (Tensor): (n_pieces,) rows of the token type table.
        RETURNS (Tensor): (n_pieces, hidden_size).
        """
        vectors = words if words.is_floating_point() else self.word_embeddings(words)
        summed = vectors + self.token_type_embeddings(token_type_ids) + self.position_embeddings(position_ids)
        return self.dropout(self.LayerNorm(summed))

    def table_rows(self) -> dict[str, int]:
        """RETURNS (dict[str, int]): Rows of its tables, by the input that numbers them."""
        return {
            "input_ids": len(self.word_embeddings.weight),
            "token_type_ids": len(self.token_type_embeddings.weight),
            "position_ids": len(self.position_embeddings.weight),
        }


def added(output: Tensor, residual: Tensor) -> Tensor:
    """RETURNS (Tensor): The sum of what half of a block has made, which may be written to, and of its input."""
    if torch.is_grad_enabled() or output.dtype != residual.dtype:
        return output + residual
    return output.add_(residual)


class AddAndNorm(nn.Module):
    """A projection, added to what came in, normalised: how both halves of a block end."""

    def __init__(self, n_in: int, config: HATConfig) -> None:
        super().__init__()
        self.dense = Dense(n_in, config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, inner: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(added(self.dropout(self.dense(inner)), residual))


def pass_through_half(projection: nn.Linear, norm: nn.LayerNorm, vectors: Tensor) -> None:
    """Zero what a half adds, and let the norm behind it give vectors back the mean and deviation that it takes away.

    projection (nn.Linear): The half's last.
    norm (nn.LayerNorm): What follows.
    vectors (Tensor): (n_rows, hidden_size), such as those that are to be passed through.
    """
    for parameter in projection.parameters():
        parameter.zero_()
    norm.weight.fill_(vectors.std(dim=-1, unbiased=False).mean())
    if norm.bias is not None:
        norm.bias.fill_(vectors.mean())


class AttentionHalf(nn.Module):
    """Self-attention and its AddAndNorm."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.self = PackedSelfAttention(config)
        self.output = AddAndNorm(config.hidden_size, config)


class FeedForwardIn(nn.Module):
    """The first projection of the feed-forward half, and its activation."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.dense = Dense(config.hidden_size, config.intermediate_size)
        # GELU comes with the product, others after it.
        self.activation = None if config.hidden_act == "gelu" else ACT2FN[config.hidden_act]

    def forward(self, hidden: Tensor) -> Tensor:
        if self.activation is None:
            return self.dense(hidden, gelu=True)
        return self.activation(self.dense(hidden))


class TransformerBlock(nn.Module):
    """A post-norm block (Devlin et al. 2019), for segment-wise and cross-segment attention alike: the plan decides."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.attention = AttentionHalf(config)
        self.intermediate = FeedForwardIn(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    @property
    def self_attention(self) -> PackedSelfAttention:
        """RETURNS (PackedSelfAttention): Its attention."""
        return self.attention.self

    def before_attention(self, hidden: Tensor) -> Tensor:
        """What attention reads of a block's input: (n_rows, hidden_size) -> the same"""
        return hidden

    def after_attention(self, context: Tensor, hidden: Tensor) -> Tensor:
        """The rest of the block: what attention gave, and the block's input, (n_rows, hidden_size) each -> the same"""
        attended = self.attention.output(context, hidden)
        return self.output(self.intermediate(attended), attended)

    def pass_through(self, vectors: Tensor) -> str:
        """Zero the output projections, and let both layer norms restore what they take away.

        vectors (Tensor): (n_segments, hidden_size), such as those that are to be passed through.
        RETURNS (str): What was done, for a report.
        """
        for half in (self.attention.output, self.output):
            pass_through_half(half.dense, half.LayerNorm, vectors)
        return "output projections zero, layer norms calibrated"

    def products(self) -> list[Product]:
        """RETURNS (list[Product]): Its dense layers outside of attention."""
        halves = (self.attention.output, self.intermediate)
        return [
            *(Product(half, "dense") for half in halves),
            Product(self.output, "dense", self.intermediate.activation is None),
        ]

    def forward(self, hidden: Tensor, plan: AttentionPlan, segments_only: bool = False) -> Tensor:
        """Run the block; see `run_block`."""
        return run_block(self, hidden, plan, segments_only)


def run_block(block: Block, hidden: Tensor, plan: AttentionPlan, segments_only: bool) -> Tensor:
    """Run a block of any kind.

    block (Block): The block.
    hidden (Tensor): (n_rows, hidden_size).
    plan (AttentionPlan): Which rows attend to each other.
    segments_only (bool): Whether only the first row of each group is wanted: the others serve as keys and values.
    RETURNS (Tensor): (n_rows, hidden_size), or (n_groups, hidden_size).
    """
    n_rows = plan.first_rows.shape[0] if segments_only else hidden.shape[0]
    # What is added to make whole tiles may become anything, and is cut off.
    residual = hidden = whole_tiles(hidden)
    if segments_only:
        residual = whole_tiles(hidden.index_select(0, plan.first_rows))
    context = block.self_attention(block.before_attention(hidden), plan, segments_only)
    return block.after_attention(whole_tiles(context), residual)[:n_rows]


def init_weights(module: nn.Module, std: float) -> None:
    """Give one module fresh weights: normal with the given deviation, zero biases, zero padding rows."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=std)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=std)
        if module.padding_idx is not None:
            with torch.no_grad():
                module.weight[module.padding_idx].zero_()
    elif isinstance(module, nn.LayerNorm):
        nn.init.ones_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
