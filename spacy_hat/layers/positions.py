"""The units of several documents, position by position: all first ones, then all second ones, as scans want them.

documents        longest first        by position
a1 a2            b1 b2 b3             b1 a1 | b2 a2 | b3
b1 b2 b3         a1 a2                rows 2 0  3 1   4      counts 2 2 1
"""

from dataclasses import dataclass

import numpy as np

from ..ragged import Ints1d, ranges, starts_of


@dataclass(frozen=True)
class Positions:
    """In which order to take the rows of documents that lie end to end.

    rows (Ints1d): (n_units,) rows, position after position; at each, those of longer documents first.
    counts (Ints1d): (longest document,) how many documents reach each position. It never grows.
    """

    rows: Ints1d
    counts: Ints1d

    @property
    def ends(self) -> Ints1d:
        """(longest document,) where each position ends in `rows`."""
        return np.cumsum(self.counts)

    def before(self) -> Ints1d:
        """RETURNS (Ints1d): (n_pairs,) for each unit that has one before it, where that one stands in `rows`."""
        return ranges(starts_of(self.counts)[:-1], self.counts[1:])

    def after(self) -> Ints1d:
        """RETURNS (Ints1d): (n_pairs,) where each unit that has one before it stands in `rows`."""
        return np.arange(self.counts[:1].sum(), len(self.rows))

    def last(self) -> Ints1d:
        """RETURNS (Ints1d): (documents with units,) where the last unit of each stands in `rows`."""
        return np.setdiff1d(np.arange(len(self.rows)), self.before(), assume_unique=True)


def positions(lengths: Ints1d) -> Positions:
    """Plan a scan over documents of different lengths, without a loop over units.

    lengths (Ints1d): (n_docs,) how many units each document has; may be 0.
    RETURNS (Positions): The plan.
    """
    n_units = int(lengths.sum())
    place = np.arange(n_units) - np.repeat(starts_of(lengths), lengths)
    # Longer documents first, so that those that reach a position are always the first of those before it.
    rank = np.empty(len(lengths), dtype=np.int64)
    rank[np.argsort(-lengths, kind="stable")] = np.arange(len(lengths))
    rows = np.lexsort((np.repeat(rank, lengths), place))
    return Positions(rows, np.bincount(place))
