"""Which windows of the corpus are in which batch: a list that is known before the first step, and never depends on
how many processes read it. Batch n of a run with two processes is batch n of a run with one.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..modeling.plan import runs_within
from ..modeling.pretraining import HiddenBatch
from ..ragged import Ints1d
from .corpus import PackedCorpus
from .hiding import HELD_OUT_EPOCH, Hider

HELD_OUT_SHARE = 20
"""At most one of so many documents is held out."""


class Batch(NamedTuple):
    """Windows that are read together.

    number (int): Of the batch.
    epoch (int): Which time the corpus is read, from 1 on.
    windows (Ints1d): (n_windows,) their numbers in the corpus.
    """

    number: int
    epoch: int
    windows: Ints1d


class Batches:
    """All batches of a run, in order.

    windows (Ints1d): (n_windows,) numbers of those that are trained on.
    pieces (Ints1d): (n_windows,) pieces of each.
    limit (int): Pieces of a batch at most.
    n_batches (int): How many batches there are to be; the corpus is read as often as it takes.
    seed (int): Of the order.
    """

    def __init__(self, windows: Ints1d, pieces: Ints1d, limit: int, n_batches: int, seed: int) -> None:
        self.windows, self.pieces, self.limit, self.n_batches, self.seed = windows, pieces, limit, n_batches, seed
        self._ends = [0]
        self._of_epoch = lru_cache(maxsize=2)(self._make_epoch)
        while self._ends[-1] < n_batches:
            self._ends.append(self._ends[-1] + len(self._of_epoch(len(self._ends))))

    def __len__(self) -> int:
        return self.n_batches

    def __getitem__(self, number: int) -> Batch:
        if not 0 <= number < self.n_batches:
            raise IndexError(number)
        epoch = int(np.searchsorted(self._ends, number, side="right"))
        return Batch(number, epoch, self._of_epoch(epoch)[number - self._ends[epoch - 1]])

    def _make_epoch(self, epoch: int) -> list[Ints1d]:
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.windows))
        return grouped(self.windows[order], self.pieces[order], self.limit)


def grouped(windows: Ints1d, pieces: Ints1d, limit: int) -> list[Ints1d]:
    """RETURNS (list[Ints1d]): Windows that follow each other, in groups of at most so many pieces, or one window."""
    return [windows[start:stop] for start, stop in runs_within(pieces, limit)]


def hidden_batch(corpus: PackedCorpus, hide: Hider) -> Callable[[list[Batch]], dict[str, HiddenBatch]]:
    """RETURNS (Callable): Trainer's collator: the one batch of a list, with something hidden, as the model takes it."""

    def collate(batches: list[Batch]) -> dict[str, HiddenBatch]:
        (one,) = batches
        return {"batch": hide(corpus.take(one.windows), one.windows.tolist(), one.epoch, one.number)}

    return collate


def hold_out(corpus: PackedCorpus, limit: int, seed: int) -> tuple[Ints1d, Ints1d]:
    """Choose documents that are never trained on: whole ones, of two segments or more.

    corpus (PackedCorpus): The corpus.
    limit (int): Pieces at most, though at least one document.
    seed (int): Of the choice.
    RETURNS (tuple[Ints1d, Ints1d]): Numbers of the windows to train on, and of those held out.
    RAISES (ValueError): If there are not two such documents.
    """
    n_docs = int(corpus.window_docs.max(initial=-1)) + 1
    docs = np.unique(corpus.window_docs[corpus.windows > 1])
    if len(docs) < 2:
        raise ValueError(
            f"The corpus has {len(docs)} documents of two segments or more. Expected: at least two, one to train on "
            "and one to measure with; what is hidden can be told by neighbours alone. Give longer documents, one in "
            "each row, or shorter segments: --packing sentences"
        )
    sizes = np.bincount(corpus.window_docs, weights=corpus.window_pieces, minlength=n_docs)
    order = np.random.default_rng([seed, HELD_OUT_EPOCH]).permutation(docs)
    fits = int(np.searchsorted(np.cumsum(sizes[order]), limit, side="right"))
    held = order[: max(1, min(fits, len(docs) // HELD_OUT_SHARE))]
    is_held = np.isin(corpus.window_docs, held)
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)
