"""The arrays of this package (numpy, int64: they index other arrays) and the one operation on them that numpy lacks."""

import numpy as np
from numpy.typing import NDArray

Ints1d = NDArray[np.int64]
Ints2d = NDArray[np.int64]
Bools1d = NDArray[np.bool_]


def concatenate(arrays: list[Ints1d]) -> Ints1d:
    """Join integer arrays; unlike numpy's, takes an empty list.

    arrays (list[Ints1d]): Arrays to join.
    RETURNS (Ints1d): All of them, one after another.
    """
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrays])


def starts_of(lengths: Ints1d) -> Ints1d:
    """Where runs of the given lengths start when they are laid end to end.

    lengths (Ints1d): Length of each run.
    RETURNS (Ints1d): Start of each run, of the shape of lengths.
    """
    return np.cumsum(lengths) - lengths


def ranges(starts: Ints1d, lengths: Ints1d) -> Ints1d:
    """Many `arange(start, start + length)`, one after another, without a loop.

    starts (Ints1d): First value of each range.
    lengths (Ints1d): Number of values in each range, may be 0.
    RETURNS (Ints1d): (sum of lengths,) the values.

    EXAMPLE:
        >>> ranges(np.array([5, 0]), np.array([2, 3]))
        array([5, 6, 0, 1, 2])
    """
    return np.repeat(starts - starts_of(lengths), lengths) + np.arange(lengths.sum())
