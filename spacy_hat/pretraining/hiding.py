"""What is hidden of a batch: drawn anew for each document and epoch, and always the same for the same two.

mlm        15% of the pieces of segments that are not hidden: of these 80% become masks, 10% others, 10% stay
segments   in 20% of the segments, 60 to 100% of the pieces become masks
choice     of 25% of the segments, half become one mask, half have 80% of their pieces masked
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..choices import Objective
from ..modeling import PackedInputs
from ..modeling.pretraining import Guesses, HiddenBatch
from ..ragged import Bools1d, Ints1d, starts_of

MLM_SHARE, MLM_MASKED, MLM_CHANGED = 0.15, 0.8, 0.9
SEGMENTS_SHARE, LEAST_HIDDEN = 0.2, 0.6
CHOICE_SHARE, CHOICE_WHOLE, CHOICE_HIDDEN = 0.25, 0.5, 0.8
HELD_OUT_EPOCH = 0
"""Training begins with epoch 1."""


class _Draws(NamedTuple):
    """Numbers from 0 to 1. How many does not depend on objectives: one changes nothing for the others."""

    kind: np.ndarray  # (n_segments,)
    share: np.ndarray  # (n_segments,)
    order: np.ndarray  # (n_pieces,)
    action: np.ndarray  # (n_pieces,)
    other: np.ndarray  # (n_pieces,)


@dataclass(frozen=True)
class Hider:
    """Hides pieces and segments.

    objectives (Collection[Objective]): What for.
    mask_id (int): Id of the mask.
    vocab_size (int): Ids that a piece can have.
    seed (int): Of all that is drawn.
    """

    objectives: Collection[Objective]
    mask_id: int
    vocab_size: int
    seed: int

    def __call__(self, whole: PackedInputs, windows: Sequence[int], epoch: int, number: int = 0) -> HiddenBatch:
        """Hide some of a batch.

        whole (PackedInputs): The batch.
        windows (Sequence[int]): (n_windows,) the number of each of its windows in the corpus.
        epoch (int): Which time they are read.
        number (int): Of the batch, for the seed of dropout.
        RETURNS (HiddenBatch): The batch.
        """
        lengths = whole.segment_lengths
        draws = self._draw(whole, windows, epoch)
        segment_of = np.repeat(np.arange(len(lengths)), lengths)
        is_first = whole.offsets() == 0
        is_choice, is_hidden = self._hidden_segments(whole, draws.kind)
        n_masked = self._n_masked(lengths - 1, is_choice, is_hidden, draws.share)
        order = np.where(is_first, -1.0, draws.order)
        is_masked = (_ranks(order, segment_of, lengths) - 1 < n_masked[segment_of]) & ~is_first
        guessed: dict[Objective, Bools1d] = {"segments": is_masked & (is_hidden & ~is_choice)[segment_of]}
        ids = np.where(is_masked, self.mask_id, whole.piece_ids)
        guessed["mlm"] = self._mlm(ids, draws, is_first | is_hidden[segment_of])
        becomes_one = is_choice & (draws.share < CHOICE_WHOLE)
        kept = ~becomes_one[segment_of] | (whole.offsets() < 2)
        places = np.cumsum(kept) - 1
        guesses = {
            name: Guesses(places[rows], whole.piece_ids[rows])
            for name, rows in guessed.items()
            if name in self.objectives
        }
        hidden = PackedInputs(
            ids[kept], np.where(becomes_one, 2, lengths), whole.window_lengths, whole.segment_positions
        )
        seed = int(np.random.SeedSequence([self.seed, epoch, number]).generate_state(1)[0])
        return HiddenBatch(whole, hidden, guesses, np.flatnonzero(is_choice), seed)

    def _draw(self, whole: PackedInputs, windows: Sequence[int], epoch: int) -> _Draws:
        ends = np.cumsum(whole.segment_lengths)[np.cumsum(whole.window_lengths) - 1]
        n_pieces = np.diff(ends, prepend=0)
        draws = []
        for window, n_segments, n in zip(windows, whole.window_lengths, n_pieces, strict=True):
            rng = np.random.default_rng([self.seed, epoch, int(window)])
            draws.append((*rng.random((2, n_segments)), *rng.random((3, n))))
        return _Draws(*(np.concatenate(numbers) for numbers in zip(*draws, strict=True)))

    def _hidden_segments(self, whole: PackedInputs, kind: np.ndarray) -> tuple[Bools1d, Bools1d]:
        """Which segments are to be chosen, and which are hidden at all: none that has no neighbour to tell of it."""
        has_neighbours = np.repeat(whole.window_lengths > 1, whole.window_lengths)
        to_choice = CHOICE_SHARE if "choice" in self.objectives else 0.0
        to_segments = SEGMENTS_SHARE if "segments" in self.objectives else 0.0
        return (kind < to_choice) & has_neighbours, (kind < to_choice + to_segments) & has_neighbours

    def _n_masked(self, n_pieces: Ints1d, is_choice: Bools1d, is_hidden: Bools1d, share: np.ndarray) -> Ints1d:
        """(n_segments,) pieces that become masks, rounded up"""
        whole = np.where(share < CHOICE_WHOLE, 1.0, CHOICE_HIDDEN)
        shares = np.where(is_choice, whole, LEAST_HIDDEN + (1 - LEAST_HIDDEN) * share)
        return np.where(is_hidden, np.ceil(shares * n_pieces), 0).astype(np.int64)

    def _mlm(self, ids: Ints1d, draws: _Draws, is_left_out: Bools1d) -> Bools1d:
        """Choose pieces and change them. RETURNS (Bools1d): (n_pieces,) which they are."""
        if "mlm" not in self.objectives:
            return np.zeros(len(ids), dtype=bool)
        chosen = (draws.order < MLM_SHARE) & ~is_left_out
        ids[chosen & (draws.action < MLM_MASKED)] = self.mask_id
        is_other = chosen & (draws.action >= MLM_MASKED) & (draws.action < MLM_CHANGED)
        ids[is_other] = (draws.other[is_other] * self.vocab_size).astype(np.int64)
        return chosen


def _ranks(numbers: np.ndarray, segment_of: Ints1d, lengths: Ints1d) -> Ints1d:
    """(n_pieces,) the place of each number among those of its segment, from 0 for the lowest"""
    order = np.lexsort((numbers, segment_of))
    ranks = np.empty(len(numbers), dtype=np.int64)
    ranks[order] = np.arange(len(numbers)) - np.repeat(starts_of(lengths), lengths)
    return ranks


def held_out_objectives(objectives: Collection[Objective]) -> list[Objective]:
    """RETURNS (list[Objective]): By what hidden segments are guessed: mlm hides none, so `segments` speaks for it."""
    hidden: list[Objective] = [name for name in objectives if name != "mlm"]
    return hidden or ["segments"]
