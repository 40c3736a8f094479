"""What the words of a document say beside its encoder, and what they would say without one of its sentences."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model

from ..layers.document_ensemble import weights_of
from ..layers.ngram_bag import WordsShim, words_of
from ..layers.ngrams import ngrams_of, runs_of
from ..layers.word_table import WordTable
from ..ragged import Ints1d, concatenate

SHORTEST = 1e-12
MOST_SHOWN = 50
"""N-grams that an explanation keeps, for a label and against it."""


@dataclass(frozen=True)
class NgramScore:
    """A word, or a run of words, and what it says of a label.

    text (str): In lower case, without punctuation.
    count (int): How often the document has it.
    score (float): What it adds to the log-odds of the label; with exclusive labels, beyond what it adds to all of them.
    """

    text: str
    count: int
    score: float


@dataclass(frozen=True)
class BesideWords:
    """The bag of n-grams of an ensemble, and how its log-odds and the encoder's make a score.

    bag (WordsShim): What n-grams say.
    encoder_weight (float): How much the encoder's log-odds count.
    words_weight (float): How much those of the words do.
    to_scores (Model): From log-odds to scores.
    """

    bag: WordsShim
    encoder_weight: float
    words_weight: float
    to_scores: Model

    @classmethod
    def of(cls, model: Model) -> "BesideWords":
        """RETURNS (BesideWords): That of a head made by `document_ensemble`."""
        _, classifier, bag = model.layers
        return cls(words_of(bag), *weights_of(model), classifier.layers[-1])

    @property
    def exclusive_classes(self) -> bool:
        """RETURNS (bool): Whether the scores of all labels sum to 1."""
        return bool(self.to_scores.attrs["exclusive_classes"])


class DocumentWords:
    """The words of one document.

    beside (BesideWords): What they mean.
    doc (Doc): The document.
    sentence_starts (ndarray): (n_sentences,) first token of each sentence.
    """

    def __init__(self, beside: BesideWords, doc: Doc, sentence_starts: Ints1d) -> None:
        self.beside, self.doc = beside, doc
        self.n_sentences = len(sentence_starts)
        self.table = beside.bag.table or _nothing(beside.bag.n_labels)
        self.ngrams = ngrams_of(doc, beside.bag.ngram_size)
        self.rows, self.is_known = self.table.places(self.ngrams.keys)
        self.sentences = np.searchsorted(sentence_starts, self.ngrams.tokens, side="right") - 1
        """(n_words,) The sentence of each word."""
        self.counts = np.bincount(self.rows[self.is_known], minlength=len(self.table.keys))
        """(n_known,) How often the document has what the table knows."""
        self.present = np.flatnonzero(self.counts)
        self.values = self.table.values(self.counts[self.present], self.present)
        self.length = np.sqrt(max((self.values**2).sum(), SHORTEST))
        self.sums = self.values @ self.table.weights[self.present]

    def scores(self, logits: np.ndarray, without: Ints1d | None = None) -> np.ndarray:
        """Score the document.

        logits (ndarray): (n_rows, n_labels) the encoder's log-odds.
        without (ndarray | None): (n_rows,) the sentence that is missing in each; None: none is.
        RETURNS (ndarray): (n_rows, n_labels) float32.
        """
        whole = self.table.bias + self.sums / self.length
        by_words = whole if without is None else self.without_sentences()[without]
        both = self.beside.encoder_weight * logits + self.beside.words_weight * by_words
        ops: Any = self.beside.to_scores.ops
        scored = self.beside.to_scores.predict(ops.asarray2f(both.astype("float32")))
        return cast(np.ndarray, ops.to_numpy(scored))

    def without_sentences(self) -> np.ndarray:
        """Take each sentence out; what stands around it closes up.

        RETURNS (ndarray): (n_sentences, n_labels) log-odds of what is left.
        """
        lost, n_lost = np.unique(self._lost(), return_counts=True)
        won, n_won = np.unique(self._won(), return_counts=True)
        changed, line = np.unique(np.concatenate([lost, won]), return_inverse=True)
        change = np.bincount(line, np.concatenate([-n_lost, n_won]), minlength=len(changed)).astype("int64")
        sentence, row = np.divmod(changed, max(len(self.table.keys), 1))
        before = self.table.values(self.counts[row], row)
        after = self.table.values(self.counts[row] + change, row)
        squares = (self.values**2).sum() + np.bincount(sentence, after**2 - before**2, self.n_sentences)
        sums = np.tile(self.sums, (self.n_sentences, 1))
        np.add.at(sums, sentence, (after - before)[:, None] * self.table.weights[row])
        return self.table.bias + sums / np.sqrt(np.maximum(squares, SHORTEST))[:, None]

    def evidence(self, column: int) -> list[NgramScore]:
        """RETURNS (list[NgramScore]): What speaks most for a label and most against it, from the one to the other."""
        weights = self.table.weights[self.present]
        told = weights[:, column] - (weights.mean(axis=1) if self.beside.exclusive_classes else 0)
        said = self.beside.words_weight * self.values * told / self.length
        order = np.argsort(-said, kind="stable")
        chosen = [i for i in order[:MOST_SHOWN] if said[i] > 0] + [i for i in order[-MOST_SHOWN:] if said[i] < 0]
        known = np.flatnonzero(self.is_known)
        _, first = np.unique(self.rows[known], return_index=True)
        counts = self.counts[self.present]
        return [NgramScore(self._text(known[first[i]]), int(counts[i]), float(said[i])) for i in chosen]

    def _lost(self) -> Ints1d:
        """Sentence and row, as one number, of each n-gram that has a word in a sentence."""
        numbers = np.flatnonzero(self.is_known)
        longest = int(self.ngrams.sizes.max(initial=1))
        pairs = []
        for offset in range(longest):
            numbers = numbers[self.ngrams.sizes[numbers] > offset]
            pairs.append(self.sentences[self.ngrams.starts[numbers] + offset] * len(self.rows) + numbers)
        sentence, number = np.divmod(np.unique(concatenate(pairs)), max(len(self.rows), 1))
        return sentence * len(self.table.keys) + self.rows[number]

    def _won(self) -> Ints1d:
        """The same of each n-gram that is there once a sentence is not."""
        words = self.ngrams.keys[self.ngrams.sizes == 1]
        starts = np.searchsorted(self.sentences, np.arange(self.n_sentences + 1))
        pairs = []
        for size in range(2, self.beside.bag.ngram_size + 1):
            for sentence in np.flatnonzero(np.diff(starts)).tolist():
                before = words[max(starts[sentence] - size + 1, 0) : starts[sentence]]
                after = words[starts[sentence + 1] : starts[sentence + 1] + size - 1]
                rows, is_known = self.table.places(runs_of(np.concatenate([before, after]), size))
                pairs.append(sentence * len(self.table.keys) + rows[is_known])
        return concatenate(pairs)

    def _text(self, number: int) -> str:
        start, size = self.ngrams.starts[number], self.ngrams.sizes[number]
        return " ".join(self.doc[token].lower_ for token in self.ngrams.tokens[start : start + size].tolist())


def _nothing(n_labels: int) -> WordTable:
    """The table of a bag that has not learned anything."""
    none = np.zeros((0, n_labels), dtype="float32")
    return WordTable(np.zeros(0, dtype="int64"), none.sum(axis=1), none, np.zeros(n_labels, dtype="float32"))
