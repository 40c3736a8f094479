"""The stack of blocks: segment-wise and cross-segment attention over one packed tensor."""

from collections.abc import Iterator
from typing import cast

from torch import Tensor, nn

from .config import HATConfig
from .hat_layer import HATLayer
from .kinds import kind_of
from .layout import parse_layout
from .plan import EncoderPlan
from .stages import run_blocks


class HATEncoder(nn.Module):
    """Blocks, from the lowest to the highest; the first `frozen_blocks` of them run without gradient."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        kind = kind_of(config)
        positions = kind.document_positions(config)
        blocks = enumerate(parse_layout(config.layout))
        self.layer = nn.ModuleList(HATLayer(config, number, block, positions) for number, block in blocks)
        self.final_norm = kind.final_norm(config)
        self.frozen_blocks = config.frozen_blocks
        self.gradient_checkpointing = config.activation_checkpointing

    def forward(self, hidden: Tensor, plan: EncoderPlan) -> Iterator[Tensor]:
        """Run the blocks one by one.

        hidden (Tensor): (n_pieces, hidden_size), the embeddings.
        plan (EncoderPlan): Of the batch.
        YIELDS (Tensor): (n_pieces, hidden_size), the output of each block, before the final norm.
        """
        return run_blocks(self.layers(), hidden, plan, n_frozen=self.frozen_blocks, recompute=self.recomputes())

    def recomputes(self) -> bool:
        """RETURNS (bool): Whether activations of blocks are computed again in the backward pass, and not kept."""
        return self.gradient_checkpointing and self.training

    def layers(self) -> list[HATLayer]:
        """RETURNS (list[HATLayer]): The blocks, by their type."""
        return cast(list[HATLayer], list(self.layer))

    def document_positions(self) -> nn.Embedding | None:
        """RETURNS (nn.Embedding | None): The table of document positions; None where nothing reads one."""
        tables = (layer.position_embeddings for layer in self.layers())
        return next((table for table in tables if table is not None), None)
