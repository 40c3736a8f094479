"""The packed interface: documents as runs of pieces, without padding."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from ..ragged import ranges, starts_of
from .plan import EncoderPlan, Ints, MicroBatch, plan_attention, plan_micro_batches, runs_within


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
        return ranges(np.zeros_like(self.segment_lengths), self.segment_lengths)

    def portions(self, max_pieces: int) -> Iterator["PackedInputs"]:
        """Cut between windows, which know nothing of each other: encoded alone, each gives the same vectors.

        max_pieces (int): Pieces of a portion at most; a window with more is a portion of its own.
        YIELDS (PackedInputs): The portions, in order; together they are this batch.
        """
        piece_ends = np.append(0, np.cumsum(self.segment_lengths))
        segment_ends = np.append(0, np.cumsum(self.window_lengths))
        window_ends = piece_ends[segment_ends]
        for start, stop in runs_within(np.diff(window_ends), max_pieces):
            segments = slice(segment_ends[start], segment_ends[stop])
            yield PackedInputs(
                piece_ids=self.piece_ids[window_ends[start] : window_ends[stop]],
                segment_lengths=self.segment_lengths[segments],
                window_lengths=self.window_lengths[start:stop],
                segment_positions=self.segment_positions[segments],
            )

    def plan(self, device: torch.device, max_batch_pieces: int | None) -> EncoderPlan:
        """Plan the batch.

        device (torch.device): Where the plan's tensors go.
        max_batch_pieces (int | None): Pieces that go through a segment-wise block at once; None: all.
        RETURNS (EncoderPlan): The plan.
        """
        return self._plan(
            plan_micro_batches(self.segment_lengths, device, max_batch_pieces), starts_of(self.segment_lengths), device
        )

    def plan_of_segments(self, device: torch.device) -> EncoderPlan:
        """RETURNS (EncoderPlan): The plan for a tensor of segment vectors alone, (n_segments, hidden_size)."""
        return self._plan((), np.arange(len(self.segment_lengths)), device)

    def _plan(self, micro_batches: tuple[MicroBatch, ...], first_rows: Ints, device: torch.device) -> EncoderPlan:
        return EncoderPlan(
            micro_batches=micro_batches,
            cross_rows=torch.from_numpy(first_rows).to(device),
            cross_positions=torch.from_numpy(self.segment_positions + 1).to(device),
            windows=plan_attention(self.window_lengths, device, places=self.segment_positions),
        )
