"""The stack of blocks: segment-wise and cross-segment attention over one packed tensor."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .config import HATConfig
from .hat_layer import HATLayer
from .layout import parse_layout
from .plan import EncoderPlan


class HATEncoder(nn.Module):
    """Blocks, from the lowest to the highest; the first `frozen_blocks` of them run without gradient."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        # No padding_idx: row 0 belongs to padded segments, every other row (the published code froze row 1 of
        # RoBERTa-type models, the first segment's) has to learn.
        positions = nn.Embedding(config.max_segments + 1, config.hidden_size)
        self.layer = nn.ModuleList(HATLayer(config, block, positions) for block in parse_layout(config.layout))
        self.frozen_blocks = config.frozen_blocks
        self.gradient_checkpointing = config.activation_checkpointing

    def forward(
        self, hidden: Tensor, plan: EncoderPlan, segments_only: bool = False, n_led: int = 0
    ) -> Iterator[Tensor]:
        """Run the blocks one by one.

        hidden (Tensor): (n_pieces, hidden_size), the embeddings; or what `lead` made of them.
        plan (EncoderPlan): Of the batch.
        segments_only (bool): Whether only the segment vectors of the last block are wanted. The last segment-wise
            block then makes first pieces alone (the others are keys and values), and what follows has no others.
        n_led (int): Blocks whose segment-wise part `lead` has run.
        YIELDS (Tensor): (n_pieces, hidden_size), the output of each block; (n_segments, hidden_size) of the last ones.
        """
        last = self._last_segment_wise()
        if segments_only and (n_led > last or not plan.micro_batches):
            hidden = hidden if self.leads_to_the_end(n_led) else hidden.index_select(0, plan.cross_rows)
            plan = plan.of_segments()
        for number, layer in enumerate(self.layers()):
            first_only = segments_only and number == last and bool(plan.micro_batches)
            options = (first_only, number < n_led)
            with torch.no_grad() if number < self.frozen_blocks else nullcontext():
                if self.gradient_checkpointing and self.training and torch.is_grad_enabled():
                    hidden = checkpoint(layer, hidden, plan, *options, use_reentrant=False)
                else:
                    hidden = layer(hidden, plan, *options)
            if first_only:
                plan = plan.of_segments()
            yield hidden

    def lead(self, hidden: Tensor, plan: EncoderPlan, n_blocks: int, segments_only: bool = False) -> Tensor:
        """Run the segment-wise parts of the first blocks.

        hidden (Tensor): (n_pieces, hidden_size), the embeddings.
        plan (EncoderPlan): Of the batch.
        n_blocks (int): `n_leading` at most.
        segments_only (bool): As in `forward`.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size).
        """
        for number, layer in enumerate(self.layers()[:n_blocks]):
            hidden = layer.segment_wise(hidden, plan, segments_only and number == self._last_segment_wise())
        return hidden

    def n_leading(self) -> int:
        """RETURNS (int): Blocks whose segment-wise part sees nothing of other segments: until they have attended."""
        for number, layer in enumerate(self.layers()):
            if layer.document_encoder is not None:
                return number + (layer.sentence_encoder is not None)
        return len(self.layers())

    def leads_to_the_end(self, n_blocks: int) -> bool:
        """Whether no segment-wise part is left after so many blocks, so that `lead` can make segment vectors."""
        return n_blocks > self._last_segment_wise() >= 0

    def _last_segment_wise(self) -> int:
        return max((n for n, layer in enumerate(self.layers()) if layer.sentence_encoder is not None), default=-1)

    def layers(self) -> list[HATLayer]:
        """RETURNS (list[HATLayer]): The blocks, by their type."""
        return cast(list[HATLayer], list(self.layer))

    def document_positions(self) -> nn.Embedding | None:
        """RETURNS (nn.Embedding | None): The table of document positions; None without cross-segment blocks."""
        tables = (layer.position_embeddings for layer in self.layers())
        return next((table for table in tables if table is not None), None)
