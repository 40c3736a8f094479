"""A linear classifier of documents by their n-grams, which learns by itself from all that it was shown.

In training it keeps what it is shown, and hands nothing back: there is no gradient to any other layer. Before it is
next asked, or stored, it is fitted to all of it, to the one best answer, whatever the optimizer of the pipeline does.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, Shim
from thinc.types import Floats2d

from ..choices import WordLoss, check_choice
from .ngrams import Counts
from .output import ADDED_LABEL_BIAS
from .stored_words import read_words, write_words
from .word_choice import fit_chosen
from .word_fit import FitSettings, fit_words
from .word_memory import WordMemory
from .word_table import Floats, WordTable

InT = list[Doc]
OutT = Floats2d
NAME = "ngram_bag"


class WordsShim(Shim):
    """Holds what n-grams say of labels, and in training the documents that it is learned from.

    ngram_size (int): Words of an n-gram, at most.
    max_ngrams (int): N-grams to know, at most.
    settings (FitSettings): How to fit.
    """

    def __init__(self, *, ngram_size: int, max_ngrams: int, settings: FitSettings) -> None:
        super().__init__(None)
        self.ngram_size, self.max_ngrams, self.settings = ngram_size, max_ngrams, settings
        self.start(0)

    def start(self, n_labels: int) -> None:
        """Forget everything."""
        self.n_labels = n_labels
        self._table: WordTable | None = None
        self._base: WordTable | None = None
        self._memory = WordMemory()
        self._is_stale = False

    @property
    def table(self) -> WordTable | None:
        """RETURNS (WordTable | None): What is known, fitted to all documents; None before there was any."""
        if self._is_stale:
            counts, truth = self._memory.everything(self.n_labels)
            if self._base is not None:
                # What was known before the first of these documents is where small changes are measured from.
                self._table = fit_words(self._base, counts, truth, self.settings)
            else:
                nothing = WordTable.of_documents(counts, self.n_labels, self.max_ngrams)
                self._table = fit_chosen(nothing, counts, truth, self.settings)
            self._is_stale = False
        return self._table

    def learn(self, docs: Sequence[Doc], truth: NDArray[np.float32]) -> None:
        """Keep documents to learn from.

        docs (Sequence[Doc]): n_docs documents.
        truth (NDArray): (n_docs, n_labels) 1.0, 0.0, or NaN where it is not known.
        """
        if self._memory.add(Counts.of(docs, self.ngram_size), truth):
            self._is_stale = True

    def logits(self, docs: Sequence[Doc]) -> Floats:
        """RETURNS (Floats): (n_docs, n_labels) log-odds; zeros before there was anything to learn from."""
        if (table := self.table) is None:
            return np.zeros((len(docs), self.n_labels), dtype="float32")
        return table.logits(Counts.of(docs, self.ngram_size))

    def resize(self, n_labels: int) -> None:
        """Make room for more labels, of which nothing is known."""
        table = self.table
        if table is not None:
            self._table = table.resized(n_labels, ADDED_LABEL_BIAS)
        if self._base is not None:
            self._base = self._base.resized(n_labels, ADDED_LABEL_BIAS)
        self.n_labels = n_labels

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): What is known, without the documents."""
        return write_words(self.table, self.ngram_size, self.n_labels)

    def from_bytes(self, data: bytes) -> "WordsShim":
        """Take back what to_bytes made. RAISES (RefusedError): If it is damaged, or of other n-grams."""
        table, n_labels = read_words(data, self.ngram_size)
        self.start(n_labels)
        self._table = self._base = table
        return self

    def __getstate__(self) -> dict[str, Any]:
        # A copy, such as that of another process, need not carry the documents.
        table = self.table
        return {**self.__dict__, "_table": table, "_base": table, "_memory": WordMemory(), "_is_stale": False}

    def finish_update(self, optimizer: Any) -> None:
        """There are no gradients."""

    def to_device(self, device_type: str, device_id: int) -> None:
        """Words are looked up on the CPU."""


def ngram_bag(
    *,
    exclusive_classes: bool,
    ngram_size: int = 2,
    max_ngrams: int = 200_000,
    strength: float | None = None,
    balanced: bool = True,
    loss: WordLoss | None = "log",
    nO: int | None = None,
) -> Model[InT, OutT]:
    """Classify documents by their words and runs of words.

    exclusive_classes (bool): One label a document, or any number.
    ngram_size (int): Words of an n-gram, at most.
    max_ngrams (int): N-grams to know, at most: those that the most documents have.
    strength (float | None): How much the documents count against small weights; None: chosen on a part held out.
    balanced (bool): Whether labels count as if they were equally frequent.
    loss (WordLoss | None): "log": logistic regression; "squared_hinge": a linear support vector machine; None: what is
        better on documents held out.
    nO (int | None): n_labels; inferred if None.
    RETURNS (Model[list[Doc], Floats2d]): From n_docs documents to log-odds (n_docs, n_labels).
    RAISES (ValueError): If a setting cannot be used.
    """
    for name, value, least in (("ngram_size", ngram_size, 1), ("max_ngrams", max_ngrams, 1)):
        if value < least:
            raise _impossible(name, value, f"at least {least}")
    if strength is not None and not strength > 0:
        raise _impossible("strength", strength, "more than 0")
    if loss is not None:
        check_choice("loss", loss, WordLoss, "Correct it in the [model.linear_model] section of this component.")
    settings = FitSettings(exclusive_classes, strength, balanced, loss)
    shim = WordsShim(ngram_size=ngram_size, max_ngrams=max_ngrams, settings=settings)
    return Model(NAME, forward, init=init, dims={"nO": nO}, shims=[shim], attrs={"multi_label": not exclusive_classes})


def words_of(model: Model) -> WordsShim:
    """RETURNS (WordsShim): What a bag of n-grams knows."""
    return cast(WordsShim, model.shims[0])


def forward(model: Model[InT, OutT], docs: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    def backprop(d_logits: OutT) -> InT:
        return docs

    return model.ops.asarray2f(cast(Floats2d, words_of(model).logits(docs))), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if Y is not None:
        model.set_dim("nO", Y.shape[1])
    words_of(model).start(model.get_dim("nO"))


def _impossible(name: str, value: float, expected: str) -> ValueError:
    return ValueError(
        f"spacy-hat.NgramBag.v1 has {name} = {value}. Expected: {expected}. Correct it in the [model.linear_model] "
        "section of this component."
    )
