"""Suggest exactly the sentences of each document to a span categorizer."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import numpy
from spacy.attrs import SENT_START
from spacy.pipeline.spancat import Suggester
from spacy.tokens import Doc
from thinc.api import Ops, get_current_ops
from thinc.types import Ints2d, Ragged

from ..corpora.boundaries import words_of

NO_SPANS = numpy.zeros((0, 2), dtype="int32")


def build_sentence_suggester(*, trim: bool = False) -> Suggester:
    """Suggest the spans of `doc.sents`.

    trim (bool): Whether to leave out the spaces at their ends, as annotation does, and sentences of nothing else.
    RETURNS (Suggester): From documents to a Ragged: data (n_spans, 2) first tokens and tokens past the last, lengths
        (n_docs,). A document without sentence boundaries has none; the first of them is warned of.
    """
    return SentenceSuggester(trim)


@dataclass
class SentenceSuggester:
    """A function of documents that warns once.

    trim (bool): Whether spans are without the spaces at their ends.
    warned (bool): Whether it has done so.
    """

    trim: bool = False
    warned: bool = field(default=False, init=False, repr=False, compare=False)

    def __call__(self, docs: Iterable[Doc], *, ops: Ops | None = None) -> Ragged:
        """Find the sentences.

        docs (Iterable[Doc]): The documents.
        ops (Ops | None): Where the result lives; the current ops if None.
        RETURNS (Ragged): Data (n_spans, 2), lengths (n_docs,).
        """
        ops = get_current_ops() if ops is None else ops
        # The first part stands for a batch without sentences.
        per_doc: list[numpy.ndarray] = [NO_SPANS, *(self._sentences(doc) for doc in docs)]
        lengths = [len(spans) for spans in per_doc[1:]]
        return Ragged(ops.asarray2i(cast(Ints2d, numpy.concatenate(per_doc))), ops.asarray1i(lengths))

    def _sentences(self, doc: Doc) -> numpy.ndarray:
        if not doc.has_annotation("SENT_START"):
            self._warn(doc)
            return NO_SPANS
        # spaCy starts a sentence at every first token. Elsewhere 1 is a start, and -1 (a large number here) is not.
        starts = numpy.flatnonzero(doc.to_array(SENT_START)[1:] == 1) + 1
        bounds = numpy.unique(numpy.concatenate([[0], starts, [len(doc)]])).astype("int32")
        spans = numpy.stack([bounds[:-1], bounds[1:]], axis=1)
        return _trim(doc, spans) if self.trim else spans

    def _warn(self, doc: Doc) -> None:
        if not self.warned:
            self.warned = True
            warnings.warn(
                f"No sentences to suggest: document {doc[:5].text!r}... has no sentence boundaries, hence no spans. "
                "Expected: a component that sets them. Put a `sentencizer` (or `senter`, or `parser`) before the span "
                "categorizer, and its name into `annotating_components` of [training]. This warning is given once.",
                UserWarning,
                stacklevel=2,
            )


def _trim(doc: Doc, spans: numpy.ndarray) -> numpy.ndarray:
    """RETURNS (ndarray): (n_spans, 2) from the first word of each span to its last; none for spans without words."""
    words = words_of(doc)
    first, past = numpy.searchsorted(words, spans[:, 0]), numpy.searchsorted(words, spans[:, 1])
    has_words = first < past
    return numpy.stack([words[first[has_words]], words[past[has_words] - 1] + 1], axis=1).astype("int32")
