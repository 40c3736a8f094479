"""Give free memory back to the system, which glibc's allocator keeps to itself.

What a batch leaves behind in the heap, megabytes at a time, is cut up for the small things of its documents (tokens,
strings, alignments) before the next batch comes, which then asks for more. What is in use stays the same; what the
process has does not, and glibc hands back by itself only what lies at the end of the heap. A tokenizer that has read a
long document leaves much behind as well, in small pieces that are of no use to the encoder.
"""

import ctypes
import sys
from collections.abc import Callable
from functools import cache

# A second or more of work on a CPU. Pages that were given back have to be asked for again: with an eighth of this,
# documents took up to a tenth longer.
PIECES_BETWEEN = 32_768


class FreeMemory:
    """Counts the pieces that were read, and gives free memory back now and then."""

    def __init__(self) -> None:
        self._n_pieces = 0

    def count(self, n_pieces: int) -> None:
        """Say that so many pieces were read. Every PIECES_BETWEEN of them, free memory goes back.

        n_pieces (int): Pieces of a batch.
        """
        self._n_pieces += n_pieces
        if self._n_pieces >= PIECES_BETWEEN:
            self._n_pieces = 0
            give_back()


def give_back() -> bool:
    """Give back every free page of the heap. Changes no setting of the allocator and nothing that is in use.

    RETURNS (bool): Whether the allocator has a way to do so; only glibc's has.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)
    return trim is not None


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's function, see its manual page; musl, macOS and Windows have none."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
