"""Between the published padded interface, (n_docs, max_segments * segment_length), and packed rows."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..ragged import Bools1d
from .plan import EncoderPlan, plan_attention, plan_micro_batches
from .tracing import plan_every_slot


@dataclass(frozen=True)
class PaddedSlots:
    """Which slots of a padded batch are computed, and how to get there and back.

    n_docs (int): Rows of the batch.
    n_slots (int): Columns of the batch, as given.
    n_segments (int): Segments that the columns make, the last one perhaps cut short.
    segment_length (int): Columns of a segment.
    rows (Tensor): (n_pieces,) int64, computed slots, numbered in the batch padded to whole segments.
    plan (EncoderPlan): Of the computed slots.
    kept (Tensor | None): (n_pieces, 1) bool, computed slots whose vectors are handed out; None: all of them.
    """

    n_docs: int
    n_slots: int
    n_segments: int
    segment_length: int
    rows: Tensor
    plan: EncoderPlan
    kept: Tensor | None = None

    def pack(self, padded: Tensor) -> Tensor:
        """(n_docs, n_slots, …) -> (n_pieces, …): the computed slots."""
        return self._to_whole_segments(padded).flatten(0, 1).index_select(0, self.rows)

    def unpack(self, packed: Tensor) -> Tensor:
        """(n_pieces, hidden_size) -> (n_docs, n_slots, hidden_size), zeros in slots that are not handed out."""
        n_columns = self.n_segments * self.segment_length
        if self.kept is not None:
            packed = packed * self.kept
        flat = packed.new_zeros(self.n_docs * n_columns, packed.shape[-1]).index_copy(0, self.rows, packed)
        return flat.view(self.n_docs, n_columns, packed.shape[-1])[:, : self.n_slots]

    def _to_whole_segments(self, padded: Tensor) -> Tensor:
        missing = self.n_segments * self.segment_length - self.n_slots
        return F.pad(padded, (0, 0) * (padded.dim() - 2) + (0, missing))


def find_slots(
    attention_mask: Tensor, segment_length: int, max_segments: int | None, compute_padding: bool
) -> PaddedSlots:
    """Decide what is computed for a padded batch.

    Only real pieces are, unless compute_padding asks for all: the published heads pool over padded segments too, and
    what stands there follows from the published masks (additive, so a row without any key attends uniformly).
    A segment whose first piece is masked takes no part in cross-segment attention, also as published.

    attention_mask (Tensor): (n_docs, n_slots), nonzero for real pieces.
    segment_length (int): Slots of a segment.
    max_segments (int | None): Segments of a document at most; None: any number.
    compute_padding (bool): Whether to compute every slot.
    RETURNS (PaddedSlots): The slots and their plan.
    RAISES (ValueError): If the documents are too long.
    """
    real = whole_segments(attention_mask, segment_length, max_segments)
    n_docs, n_segments, _ = real.shape
    device = attention_mask.device
    is_real = real.cpu().numpy()
    computed = np.ones_like(is_real) if compute_padding else is_real
    rows = np.flatnonzero(computed)
    row_of_slot = np.cumsum(computed) - 1
    piece_counts = computed.sum(axis=-1)
    takes_part = computed[:, :, 0]
    docs, segments = np.nonzero(takes_part)
    first_slots = (docs * n_segments + segments) * segment_length
    window_lengths = takes_part.sum(axis=-1)
    is_key = is_real.reshape(-1)[rows] if compute_padding else None
    has_first: Bools1d = is_real[docs, segments, 0]
    plan = EncoderPlan(
        micro_batches=plan_micro_batches(
            piece_counts[piece_counts > 0], device, is_key=is_key, places=rows % segment_length
        ),
        cross_rows=torch.from_numpy(row_of_slot[first_slots]).to(device),
        cross_positions=torch.from_numpy(np.where(has_first, segments + 1, 0)).to(device),
        windows=plan_attention(
            window_lengths[window_lengths > 0], device, has_first if compute_padding else None, segments
        ),
    )
    n_slots = attention_mask.shape[1]
    return PaddedSlots(n_docs, n_slots, n_segments, segment_length, torch.from_numpy(rows).to(device), plan)


def traced_slots(
    attention_mask: Tensor, segment_length: int, max_segments: int | None, compute_padding: bool
) -> PaddedSlots:
    """The same by operations on tensors alone: every slot is computed, and by default real ones are handed out.

    attention_mask (Tensor): (n_docs, n_slots), nonzero for real pieces.
    segment_length (int): Slots of a segment.
    max_segments (int | None): Segments of a document at most; None: any number.
    compute_padding (bool): Whether to hand out every slot.
    RETURNS (PaddedSlots): The slots and their plan.
    RAISES (ValueError): If the documents are too long.
    """
    real = whole_segments(attention_mask, segment_length, max_segments)
    n_docs, n_segments, _ = real.shape
    rows = torch.arange(n_docs * n_segments * segment_length, device=real.device)
    n_slots = attention_mask.shape[1]
    kept = None if compute_padding else real.flatten()[:, None]
    plan = plan_every_slot(real, compute_padding)
    return PaddedSlots(n_docs, n_slots, n_segments, segment_length, rows, plan, kept)


def whole_segments(attention_mask: Tensor, segment_length: int, max_segments: int | None) -> Tensor:
    """Cut a mask into segments.

    attention_mask (Tensor): (n_docs, n_slots), nonzero for real pieces.
    segment_length (int): Slots of a segment.
    max_segments (int | None): Segments of a document at most; None: any number.
    RETURNS (Tensor): (n_docs, n_segments, segment_length) bool.
    RAISES (ValueError): If the documents are too long.
    """
    n_docs, n_slots = attention_mask.shape
    n_segments = -(-n_slots // segment_length)
    if max_segments is not None and n_segments > max_segments:
        raise ValueError(
            f"Documents of {n_slots} pieces make {n_segments} segments of {segment_length}, expected at most "
            f"{max_segments}, for which this model has positions. Cut them into windows first (the spaCy component "
            "does), or warm-start a model with more segments."
        )
    missing = n_segments * segment_length - n_slots
    return F.pad(attention_mask.bool(), (0, missing)).reshape(n_docs, n_segments, segment_length)
