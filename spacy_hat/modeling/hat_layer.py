"""One entry of the layout: a segment-wise block, a cross-segment block, or both."""

import torch
from torch import Tensor, nn

from .config import HATConfig
from .kinds import kind_of
from .layout import Block
from .plan import EncoderPlan


class HATLayer(nn.Module):
    """One entry of the layout.

    config (HATConfig): Sizes.
    number (int): Of the block, from the lowest on.
    block (Block): Which of the two kinds of attention it has.
    position_embeddings (nn.Embedding | None): The table of document positions, which all cross-segment blocks share,
        where their kind has one.
    """

    def __init__(self, config: HATConfig, number: int, block: Block, position_embeddings: nn.Embedding | None) -> None:
        super().__init__()
        kind = kind_of(config)
        self.sentence_encoder = kind.segment_wise(config, number) if block.segment_wise else None
        self.document_encoder = kind.cross_segment(config, number) if block.cross_segment else None
        self.position_embeddings = position_embeddings if block.cross_segment else None
        self.add_positions = self.position_embeddings is not None and config.document_position_embeddings

    def forward(self, hidden: Tensor, plan: EncoderPlan, segments_only: bool = False, led: bool = False) -> Tensor:
        """Run the block.

        hidden (Tensor): (n_pieces, hidden_size).
        plan (EncoderPlan): Of the batch.
        segments_only (bool): Whether only first pieces are wanted, from a block with a segment-wise part.
        led (bool): Whether the segment-wise part was run before.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size).
        """
        if not led:
            hidden = self.segment_wise(hidden, plan, segments_only)
        return self.cross_segment(hidden, plan.of_segments() if segments_only else plan)

    def segment_wise(self, hidden: Tensor, plan: EncoderPlan, segments_only: bool = False) -> Tensor:
        """Let pieces attend inside their segments, if this block does.

        hidden (Tensor): (n_pieces, hidden_size).
        plan (EncoderPlan): Of the batch.
        segments_only (bool): Whether only first pieces are wanted.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size).
        """
        block = self.sentence_encoder
        if block is None or not plan.micro_batches:
            return hidden
        portions = (block(hidden[part.rows], part.attention, segments_only) for part in plan.micro_batches)
        if len(plan.micro_batches) == 1:
            return next(portions)
        if torch.is_grad_enabled() or segments_only:
            return torch.cat(list(portions))
        # Each portion goes where it belongs at once: no second copy of all of them. The input is not written to.
        output = torch.empty_like(hidden)
        for part, portion in zip(plan.micro_batches, portions, strict=True):
            output[part.rows] = portion
        return output

    def cross_segment(self, hidden: Tensor, plan: EncoderPlan) -> Tensor:
        """Let segments attend to each other, if this block does; their vectors replace the first pieces' ones."""
        if self.document_encoder is None:
            return hidden
        vectors = self.document_encoder(self.cross_segment_input(hidden, plan), plan.windows)
        return hidden.index_copy(0, plan.cross_rows, vectors.to(hidden.dtype))

    def cross_segment_input(self, hidden: Tensor, plan: EncoderPlan) -> Tensor:
        """What the cross-segment block sees: a copy of the segments' first vectors, with their document positions.

        hidden (Tensor): (n_pieces, hidden_size).
        plan (EncoderPlan): Of the batch.
        RETURNS (Tensor): (n_segments, hidden_size).
        """
        vectors = hidden.index_select(0, plan.cross_rows)
        if self.add_positions and self.position_embeddings is not None:
            vectors = vectors + self.position_embeddings(plan.cross_positions)
        return vectors
