"""The documents that a bag of n-grams has learned from: a fit needs all of them, an update brings a few."""

import warnings

import numpy as np
from numpy.typing import NDArray

from ..ragged import ranges
from .ngrams import Counts

MOST_DOCS = 20_000
FULL = (
    "The bag of n-grams has {most:,} documents to learn from and takes no more: what follows is for the encoder alone. "
    "That is enough for most, and each takes some 10 KB of memory."
)


class WordMemory:
    """Documents and their labels, each once.

    most (int): Documents to keep; the first ones.
    """

    def __init__(self, most: int = MOST_DOCS) -> None:
        self.most = most
        self._documents: dict[bytes, tuple[Counts, NDArray[np.float32]]] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def add(self, counts: Counts, truth: NDArray[np.float32]) -> bool:
        """Keep the documents of a batch. One that is there gets the labels that it has now.

        counts (Counts): n_docs documents.
        truth (NDArray): (n_docs, n_labels) 1.0, 0.0, or NaN where it is not known.
        RETURNS (bool): Whether that is anything new.
        """
        is_new, is_full = False, False
        starts = np.cumsum(counts.lengths) - counts.lengths
        for start, length, right in zip(starts, counts.lengths, truth, strict=True):
            rows = ranges(start[None], length[None])
            one = Counts(counts.keys[rows], counts.counts[rows], length[None])
            name = one.keys.tobytes() + one.counts.tobytes()
            before = self._documents.get(name)
            if before is None and len(self) >= self.most:
                is_full = True
            elif before is None or not np.array_equal(before[1], right, equal_nan=True):
                self._documents[name] = (one, right.copy())
                is_new = True
        if is_full:
            warnings.warn(FULL.format(most=self.most), UserWarning, stacklevel=2)
        return is_new

    def everything(self, n_labels: int) -> tuple[Counts, NDArray[np.float32]]:
        """RETURNS (tuple): All documents, and their labels (n_docs, n_labels); labels added later are 0.0."""
        counts = Counts.joined([one for one, _ in self._documents.values()])
        truth = [np.pad(right, (0, n_labels - len(right))) for _, right in self._documents.values()]
        return counts, np.stack(truth) if truth else np.zeros((0, n_labels), dtype="float32")
