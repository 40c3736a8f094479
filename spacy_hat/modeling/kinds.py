"""The kinds of block that an encoder can be made of. This is the one place that tells them apart.

absolute    BERT's: positions are vectors in tables, normalised after each half; the published HATs, and most others
rotary      ModernBERT's: positions turn queries and keys, normalised before each half, and once more in the end;
            or nomic-bert's and gte-v1.5's, with the same positions, normalised after each half
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from .block import Embeddings, TransformerBlock
from .rotary import Rotary
from .rotary_block import RotaryBlock, RotaryEmbeddings, rotary_norm
from .rotary_post_norm import RotaryPostNormBlock

AnyBlock = TransformerBlock | RotaryBlock | RotaryPostNormBlock


@dataclass(frozen=True)
class Kind:
    """How the parts of an encoder are made, of its configuration.

    embeddings (Callable[[Any], Embeddings | RotaryEmbeddings]): What the lowest block reads.
    segment_wise (Callable[[Any, int], AnyBlock]): The segment-wise block of a number.
    cross_segment (Callable[[Any, int], AnyBlock]): The cross-segment block of a number.
    document_positions (Callable[[Any], nn.Embedding | None]): The table that cross-segment blocks share, if any.
    final_norm (Callable[[Any], nn.Module]): What follows the highest block.
    """

    embeddings: Callable[[Any], Embeddings | RotaryEmbeddings]
    segment_wise: Callable[[Any, int], AnyBlock]
    cross_segment: Callable[[Any, int], AnyBlock]
    document_positions: Callable[[Any], nn.Embedding | None]
    final_norm: Callable[[Any], nn.Module]


def _rotary_segment_wise(config: Any, number: int) -> AnyBlock:
    is_global = number % config.global_attn_every_n_layers == 0
    if is_global:
        rotary = _whole_groups(config)
    else:
        theta = config.global_rope_theta if config.local_rope_theta is None else config.local_rope_theta
        rotary = Rotary(theta, config.local_attention // 2)
    if config.post_norm:
        return RotaryPostNormBlock(config, rotary)
    return RotaryBlock(config, rotary, normalises_first=number > 0)


def _rotary_cross_segment(config: Any, _number: int) -> AnyBlock:
    rotary = _whole_groups(config)
    return RotaryPostNormBlock(config, rotary) if config.post_norm else RotaryBlock(config, rotary)


def _whole_groups(config: Any) -> Rotary:
    return Rotary(config.global_rope_theta, factor=config.global_rope_factor)


KINDS = {
    "absolute": Kind(
        embeddings=Embeddings,
        segment_wise=lambda config, _number: TransformerBlock(config),
        cross_segment=lambda config, _number: TransformerBlock(config),
        # No padding_idx: row 0 belongs to padded segments, every other row (the published code froze row 1 of
        # RoBERTa-type models, the first segment's) has to learn.
        document_positions=lambda config: nn.Embedding(config.max_segments + 1, config.hidden_size),
        final_norm=lambda _config: nn.Identity(),
    ),
    "rotary": Kind(
        embeddings=RotaryEmbeddings,
        segment_wise=_rotary_segment_wise,
        cross_segment=_rotary_cross_segment,
        document_positions=lambda _config: None,
        final_norm=lambda config: nn.Identity() if config.post_norm else rotary_norm(config),
    ),
}


def kind_of(config: Any) -> Kind:
    """RETURNS (Kind): What an encoder of this configuration is made of."""
    return KINDS[config.kind]
