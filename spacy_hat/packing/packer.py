"""Docs in, packed batch out: the settings of packing, and what it says about documents that do not suit them."""

import warnings
from dataclasses import dataclass, field

import numpy as np
from spacy.tokens import Doc

from ..choices import Overflow, Packing, check_choice
from ..classifier_piece import classifier_piece
from ..machine.clock import stage, tally
from ..ragged import Ints1d
from .packed_docs import PackedDocs, SegmentedDoc, join_docs
from .pieces import FastTokenizer, Pieces, tokenize
from .segments import segment_bounds
from .windows import overflow_error, truncation_warning

_PLACE = "Correct it in [components.transformer.model]."
_ADD_BOUNDARIES = (
    "Put a 'sentencizer', 'senter' or 'parser' before the component in [nlp] pipeline, and list it in "
    "annotating_components of [training]"
)


class PackingWarning(UserWarning):
    """What packing does to documents that do not suit its settings."""


@dataclass
class Packer:
    """Packs batches of Docs. Each of its warnings is given once in its life."""

    packing: Packing = "greedy"
    """How sentences become segments: "sentences" (one each), "greedy" (whole sentences share a segment while they
    fit) or "fixed" (filled to the brim, sentence boundaries ignored)."""
    overflow: Overflow = "window"
    """What becomes of a document with more than max_segments segments: "window" (read in several windows), "truncate"
    (the rest is dropped, with a warning) or "error"."""
    require_sentences: bool = False
    """Whether a Doc without sentence boundaries is an error and not packed as with "fixed". Without meaning if
    packing is "fixed"."""
    _warned: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_choice("packing", self.packing, Packing, _PLACE)
        check_choice("overflow", self.overflow, Overflow, _PLACE)

    @stage("pack")
    def __call__(
        self, docs: list[Doc], tokenizer: FastTokenizer, *, segment_length: int, max_segments: int | None
    ) -> PackedDocs:
        """Pack a batch.

        docs (list[Doc]): (n_docs,) the documents. One that is empty or has only spaces gets no segments.
        tokenizer (FastTokenizer): A fast Hugging Face tokenizer with a classifier (or start-of-text) token.
        segment_length (int): Most pieces of a segment, the classifier piece included; at least 2.
        max_segments (int | None): Most segments of a window, at least 1; None: all of a document.
        RETURNS (PackedDocs): The batch.
        RAISES (ValueError): Sizes or tokenizer will not do, or the documents are what the settings make an error.
        """
        check_sizes(segment_length, max_segments)
        classifier_id = classifier_piece(
            tokenizer,
            whose=f"The tokenizer '{type(tokenizer).__name__}'",
            remedy="Set cls_token to a token of the vocabulary in tokenizer_config of [components.transformer.model].",
        )
        segmented = [self.segment(doc, tokenize(doc, tokenizer), capacity=segment_length - 1) for doc in docs]
        segmented = self.limit(segmented, max_segments)
        packed = join_docs(segmented, classifier_id=classifier_id, max_segments=max_segments)
        lengths = packed.segment_lengths
        tally(
            pieces=len(packed.piece_ids),
            segments=len(lengths),
            padded=len(lengths) * segment_length,
            padded_longest=len(lengths) * int(lengths.max(initial=0)),
        )
        return packed

    def segment(self, doc: Doc, pieces: Pieces, *, capacity: int) -> SegmentedDoc:
        """Cut a document into segments.

        doc (Doc): The document.
        pieces (Pieces): Its pieces.
        capacity (int): Most pieces of a segment, without the classifier piece.
        RETURNS (SegmentedDoc): The segments.
        RAISES (ValueError): If it has no sentences, and they are required.
        """
        packing: Packing = self.packing
        # A document without pieces has nothing to cut, so its boundaries do not matter.
        if packing != "fixed" and len(pieces) and not doc.has_annotation("SENT_START"):
            self._report_no_boundaries()
            packing = "fixed"
        bounds = segment_bounds(pieces, _sentence_starts(doc), packing=packing, capacity=capacity)
        return SegmentedDoc(pieces=pieces, bounds=bounds)

    def _report_no_boundaries(self) -> None:
        if self.require_sentences:
            raise ValueError(
                f'A Doc has no sentence boundaries, which packing = "{self.packing}" with require_sentences = true '
                f"needs. {_ADD_BOUNDARIES}."
            )
        self._warn_once(
            "boundaries",
            f'A Doc has no sentence boundaries, which packing = "{self.packing}" needs: it is packed as with '
            f'"fixed", and sentences are cut. {_ADD_BOUNDARIES}; or set packing = "fixed" in '
            f"[components.transformer.model]. This is said once.",
        )

    def limit(self, docs: list[SegmentedDoc], max_segments: int | None) -> list[SegmentedDoc]:
        """Apply the overflow setting, except for the windows themselves.

        docs (list[SegmentedDoc]): (n_docs,) documents.
        max_segments (int | None): Most segments of a window; None: all of a document.
        RETURNS (list[SegmentedDoc]): The same, or their beginnings, which is warned of.
        RAISES (ValueError): If one is too long, and that is to be an error.
        """
        if max_segments is None:
            return docs
        segments_per_doc = np.array([doc.n_segments for doc in docs], dtype=np.int64)
        n_over = int((segments_per_doc > max_segments).sum())
        if n_over == 0 or self.overflow == "window":
            return docs
        if self.overflow == "error":
            raise overflow_error(segments_per_doc, max_segments)
        limited = [doc.first_segments(max_segments) for doc in docs]
        n_dropped = sum(len(doc.pieces) for doc in docs) - sum(len(doc.pieces) for doc in limited)
        self._warn_once("truncated", truncation_warning(n_over, n_dropped, max_segments))
        return limited

    def _warn_once(self, topic: str, message: str) -> None:
        if topic not in self._warned:
            self._warned.add(topic)
            warnings.warn(message, PackingWarning, stacklevel=2)


def _sentence_starts(doc: Doc) -> Ints1d:
    """First token of each sentence; spaCy leaves the first one unsaid in some Docs."""
    is_start = doc.to_array("SENT_START") == 1
    is_start[:1] = True
    return np.flatnonzero(is_start)


def check_sizes(segment_length: int, max_segments: int | None) -> None:
    """RAISES (ValueError): If segments or windows have no room."""
    if segment_length < 2:
        raise ValueError(
            f"segment_length is {segment_length}, but a segment has a classifier piece and at least one more: "
            f"expected 2 or more. Correct it in config.json (max_sentence_length) or in transformer_config."
        )
    if max_segments is not None and max_segments < 1:
        raise ValueError(
            f"max_segments is {max_segments}, but a window has at least one segment: expected 1 or more. Correct it "
            f"in config.json (max_sentences) or in transformer_config."
        )
