"""The packed interface: documents as runs of pieces, without padding."""

from dataclasses import dataclass
from typing import Optional

import numpy as np
import torch

from .plan import EncoderPlan, Ints, plan_attention, plan_micro_batches


@dataclass(frozen=True)
class PackedInputs:
    """A batch of documents for HATModel.forward_packed.

    piece_ids (Ints): (n_pieces,) all segments after one another, each opened by the classifier piece.
    segment_lengths (Ints): (n_segments,) pieces of each segment.
    window_lengths (Ints): (n_windows,) segments of each window; they sum to n_segments.
    segment_positions (Ints): (n_segments,) 0-based place of a segment in its window.
    """

    piece_ids: Ints
    segment_lengths: Ints
    window_lengths: Ints
    segment_positions: Ints

    def offsets(self) -> Ints:
        """RETURNS (Ints): (n_pieces,) place of each piece in its segment."""
        starts = np.cumsum(self.segment_lengths) - self.segment_lengths
        return np.arange(len(self.piece_ids)) - np.repeat(starts, self.segment_lengths)

    def plan(self, device: torch.device, max_batch_pieces: Optional[int]) -> EncoderPlan:
        """Plan the batch.

        device (torch.device): Where the plan's tensors go.
        max_batch_pieces (Optional[int]): Pieces that go through a segment-wise block at once; None: all.
        RETURNS (EncoderPlan): The plan.
        """
        starts = np.cumsum(self.segment_lengths) - self.segment_lengths
        return EncoderPlan(
            micro_batches=plan_micro_batches(self.segment_lengths, device, max_batch_pieces),
            cross_rows=torch.from_numpy(starts).to(device),
            cross_positions=torch.from_numpy(self.segment_positions + 1).to(device),
            windows=plan_attention(self.window_lengths, device),
        )
