"""A document as hashed words and runs of words: spaCy's and thinc's own hashes, without spaces and punctuation.

the court held that      ->   the  court  held  that  the court  court held  held that
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IS_PUNCT, IS_SPACE, LOWER
from spacy.tokens import Doc
from thinc.api import NumpyOps

from ..ragged import Ints1d, concatenate, ranges, starts_of

OPS = NumpyOps()
"""Hashing is for the CPU, wherever the encoder is."""


@dataclass(frozen=True)
class Ngrams:
    """Every run of words of a document, in order of their length, then of their place.

    keys (Ints1d): (n_ngrams,) hashes, the 64 bits read as a signed number.
    starts (Ints1d): (n_ngrams,) number of each one's first word.
    sizes (Ints1d): (n_ngrams,) how many words it has.
    tokens (Ints1d): (n_words,) which tokens are words.
    """

    keys: Ints1d
    starts: Ints1d
    sizes: Ints1d
    tokens: Ints1d


def ngrams_of(doc: Doc, size: int) -> Ngrams:
    """Hash the words of a document, in lower case, and their runs.

    doc (Doc): The document.
    size (int): Words of a run, at most.
    RETURNS (Ngrams): What it has. Words with only punctuation between them follow each other.
    """
    columns = doc.to_array([LOWER, IS_PUNCT, IS_SPACE])
    tokens = np.flatnonzero(~columns[:, 1:].any(axis=1))
    words = columns[tokens, 0].view("int64")
    sizes = range(1, min(size, len(words)) + 1)
    n_runs = np.array([len(words) - n + 1 for n in sizes], dtype="int64")
    return Ngrams(
        concatenate([runs_of(words, n) for n in sizes]),
        concatenate([np.arange(n) for n in n_runs]),
        np.repeat(np.array(sizes, dtype="int64"), n_runs),
        tokens,
    )


def runs_of(words: Ints1d, size: int) -> Ints1d:
    """RETURNS (Ints1d): The hash of each run of so many words."""
    if size == 1 or len(words) < size:
        return words if size == 1 else words[:0]
    return np.asarray(OPS.ngrams(size, np.ascontiguousarray(words).view("uint64"))).view("int64")


@dataclass(frozen=True)
class Counts:
    """How often documents have each of their n-grams; a document's stand together.

    keys (Ints1d): (n_rows,) hashes, ascending in each document.
    counts (NDArray): (n_rows,) float32, at least 1.
    lengths (Ints1d): (n_docs,) rows of each document.
    """

    keys: Ints1d
    counts: NDArray[np.float32]
    lengths: Ints1d

    @classmethod
    def of(cls, docs: Sequence[Doc], size: int) -> "Counts":
        """RETURNS (Counts): Those of some documents, with n-grams of so many words at most."""
        return cls.joined([cls._of_one(doc, size) for doc in docs])

    @classmethod
    def joined(cls, parts: Sequence["Counts"]) -> "Counts":
        """RETURNS (Counts): The documents of all parts, one after another."""
        return cls(
            concatenate([part.keys for part in parts]),
            np.concatenate([np.zeros(0, dtype="float32"), *(part.counts for part in parts)]),
            concatenate([part.lengths for part in parts]),
        )

    def chosen(self, docs: Ints1d) -> "Counts":
        """RETURNS (Counts): The documents of these numbers."""
        rows = ranges(starts_of(self.lengths)[docs], self.lengths[docs])
        return Counts(self.keys[rows], self.counts[rows], self.lengths[docs])

    @classmethod
    def _of_one(cls, doc: Doc, size: int) -> "Counts":
        keys, counts = np.unique(ngrams_of(doc, size).keys, return_counts=True)
        return cls(keys, counts.astype("float32"), np.array([len(keys)]))
