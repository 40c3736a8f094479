"""What packing makes of a Doc, in numbers: how much there is to read, and what is lost of it."""

import warnings
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc

from .packer import Packer
from .pieces import FastTokenizer


@dataclass(frozen=True)
class DocCounts:
    """One Doc, packed."""

    n_tokens: int
    n_pieces: int
    """All that it has, cut ones included, without classifier pieces."""
    n_segments: int
    """All that it would have, were nothing cut."""
    n_windows: int
    """1 unless it has more segments than the encoder has positions for; 0 if it has no pieces."""
    n_pieces_cut: int
    """What overflow = "truncate" drops; 0 otherwise."""
    n_sentences: int
    """0 if it has no sentence boundaries."""
    n_sentences_cut: int
    """Sentences in more than one segment: those that are longer than a segment. 0 if packing is "fixed"."""

    @property
    def lacks_sentences(self) -> bool:
        """Whether it has something to read, but no sentence boundaries."""
        return self.n_pieces > 0 and self.n_sentences == 0


def count_doc(
    doc: Doc, tokenizer: FastTokenizer, packer: Packer, *, segment_length: int, max_segments: int | None
) -> DocCounts:
    """Pack a Doc and count.

    doc (Doc): The document.
    tokenizer (FastTokenizer): A fast Hugging Face tokenizer.
    packer (Packer): The settings; its warnings are not given, nor is anything an error.
    segment_length (int): Most pieces of a segment, the classifier piece included.
    max_segments (int | None): Most segments of a window; None: all of a document.
    RETURNS (DocCounts): The counts.
    """
    whole = Packer(packing=packer.packing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed = whole([doc], tokenizer, segment_length=segment_length, max_segments=max_segments)
    n_pieces = packed.segment_lengths - 1
    n_kept = max_segments if packer.overflow == "truncate" and max_segments is not None else len(n_pieces)
    has_sentences = len(doc) > 0 and doc.has_annotation("SENT_START")
    starts = np.flatnonzero(doc.to_array("SENT_START")[1:] == 1) + 1
    n_cut = 0
    if has_sentences and packer.packing != "fixed":
        # A sentence that fits starts no segment but its first.
        sentences = np.searchsorted(starts, packed.segment_tokens[:, 0], side="right")
        n_cut = int((np.unique(sentences, return_counts=True)[1] > 1).sum())
    return DocCounts(
        n_tokens=len(doc),
        n_pieces=int(n_pieces.sum()),
        n_segments=len(n_pieces),
        n_windows=len(packed.window_lengths),
        n_pieces_cut=int(n_pieces[n_kept:].sum()),
        n_sentences=len(starts) + 1 if has_sentences else 0,
        n_sentences_cut=n_cut,
    )
