"""What each n-gram says of each label: TF-IDF, and a linear classifier fitted to it.

A count c is worth (1 + log c) * idf, with idf = 1 + log((1 + n_docs) / (1 + documents with it)); those of a document
are brought to length 1. N-grams of a single document have no weight, and are not kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ragged import Ints1d
from .ngrams import Counts

Floats = NDArray[np.float32]
LEAST_DOCS = 2


@dataclass(frozen=True)
class WordTable:
    """N-grams that are known.

    keys (Ints1d): (n_known,) hashes, ascending.
    idf (Floats): (n_known,) the rarer, the more.
    weights (Floats): (n_known, n_labels).
    bias (Floats): (n_labels,).
    n_docs (int): How many documents they were learned from.
    """

    keys: Ints1d
    idf: Floats
    weights: Floats
    bias: Floats
    n_docs: int = 0

    @classmethod
    def of_documents(cls, counts: Counts, n_labels: int, most: int) -> "WordTable":
        """Choose what to know, before anything is learned of it.

        counts (Counts): The documents to learn from.
        n_labels (int): How many labels there are.
        most (int): N-grams to keep: those that the most documents have.
        RETURNS (WordTable): The n-grams of two or more documents, their weights zero.
        """
        keys, n_docs = np.unique(counts.keys, return_counts=True)
        chosen = np.flatnonzero(n_docs >= LEAST_DOCS)
        chosen = np.sort(chosen[np.argsort(-n_docs[chosen], kind="stable")[:most]])
        idf = 1 + np.log((1 + len(counts.lengths)) / (1 + n_docs[chosen]))
        weights = np.zeros((len(chosen), n_labels), dtype="float32")
        return cls(keys[chosen], idf.astype("float32"), weights, np.zeros(n_labels, dtype="float32"))

    def learned(self, weights: Floats, bias: Floats, n_docs: int) -> "WordTable":
        """RETURNS (WordTable): The same n-grams with other weights, learned from so many documents."""
        return WordTable(self.keys, self.idf, weights, bias, n_docs)

    def places(self, keys: Ints1d) -> tuple[Ints1d, NDArray[np.bool_]]:
        """Look n-grams up.

        keys (Ints1d): (n,) hashes.
        RETURNS (tuple): (n,) their rows here, and (n,) whether they are known.
        """
        if not len(self.keys):
            return np.zeros(len(keys), dtype="int64"), np.zeros(len(keys), dtype=bool)
        rows = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return rows, self.keys[rows] == keys

    def values(self, counts: np.ndarray, rows: Ints1d) -> np.ndarray:
        """Weigh n-grams, before those of a document are brought to length 1.

        counts (ndarray): (n,) how often a document has each; what it does not have is worth nothing.
        rows (Ints1d): (n,) which they are.
        RETURNS (ndarray): (n,) what they are worth.
        """
        return np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * self.idf[rows]

    def features(self, counts: Counts) -> tuple[Ints1d, Floats, Ints1d]:
        """Weigh the n-grams of documents.

        counts (Counts): n_docs documents.
        RETURNS (tuple): Rows of the known ones, document after document; their values, of length 1 in each document;
            and (n_docs,) how many each document has.
        """
        rows, is_known = self.places(counts.keys)
        owners = np.repeat(np.arange(len(counts.lengths)), counts.lengths)[is_known]
        rows = rows[is_known]
        values = self.values(counts.counts[is_known], rows)
        squares = np.bincount(owners, weights=values**2, minlength=len(counts.lengths))
        return (
            rows,
            (values / np.sqrt(squares)[owners]).astype("float32"),
            np.bincount(owners, minlength=len(counts.lengths)),
        )

    def logits(self, counts: Counts) -> Floats:
        """RETURNS (Floats): (n_docs, n_labels) log-odds, up to what is the same for exclusive labels."""
        rows, values, lengths = self.features(counts)
        found = np.tile(self.bias, (len(lengths), 1))
        stops = np.cumsum(lengths)
        for doc, (start, stop) in enumerate(zip(stops - lengths, stops, strict=True)):
            found[doc] += values[start:stop] @ self.weights[rows[start:stop]]
        return found

    def resized(self, n_labels: int, bias: float) -> "WordTable":
        """RETURNS (WordTable): With so many labels; nothing speaks for new ones, whose bias is given."""
        n_new = n_labels - len(self.bias)
        weights = np.pad(self.weights, ((0, 0), (0, n_new)))
        return self.learned(weights, np.pad(self.bias, (0, n_new), constant_values=bias), self.n_docs)
