"""Documents that are read together with other texts, such as a question: where these stand among the segments.

question q q q, separator S, 10 pieces of a document, segments of 8 pieces, windows of 3 segments:

segments   [C q q q S d d d] [C q q q S d d d] [C q q q S d d d]   [C q q q S d]
windows    [C q q q S] [C d d d d d d d] [C d d d]

With `segments`, each piece attends to those of the question: as much as the question is long, each segment holds less.
With `windows`, the question costs a segment, and all others know of it by their cross-segment attention alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc

from ..choices import Leads, check_choice
from ..classifier_piece import classifier_piece
from ..machine.clock import stage, tally
from ..ragged import Ints1d, concatenate, ranges, starts_of
from .packed_docs import SegmentedDoc
from .packer import Packer, check_sizes
from .pieces import FastTokenizer, Pieces, text_pieces, tokenize
from .windows import window_lengths

MOST_LED = 0.75
"""What leads a segment may take so much of it."""


class LongLeadError(ValueError):
    """A question or an option leaves no room for the document."""


@dataclass(frozen=True)
class Pair:
    """A document, and what it is read with.

    texts (tuple[str, ...]): A question; or a question and an option.
    doc (Doc): The document.
    """

    texts: tuple[str, ...]
    doc: Doc


@dataclass(frozen=True)
class PackedPair:
    """A pair, packed. A row is one piece of one segment.

    piece_ids (Ints1d): (n_pieces,) the segments after one another, each opened by the classifier piece.
    segment_lengths (Ints1d): (n_segments,) pieces of each segment; at least one segment, even of an empty document.
    window_lengths (Ints1d): (n_windows,) segments of each window.
    window_rows (Ints1d): (n_windows,) first row of each window.
    tokens (Ints1d): (n_tokens,) the tokens of the document that have pieces, counted in it.
    first_rows (Ints1d): (n_tokens,) row of the first piece of each.
    last_rows (Ints1d): (n_tokens,) row of the last piece of each.
    """

    piece_ids: Ints1d
    segment_lengths: Ints1d
    window_lengths: Ints1d
    window_rows: Ints1d
    tokens: Ints1d
    first_rows: Ints1d
    last_rows: Ints1d


@dataclass(frozen=True)
class PackedPairs:
    """A batch of pairs, all rows after one another.

    pairs (list[PackedPair]): (n_pairs,) each with rows counted from its own first.
    """

    pairs: list[PackedPair]

    @property
    def piece_ids(self) -> Ints1d:
        return concatenate([pair.piece_ids for pair in self.pairs])

    @property
    def segment_lengths(self) -> Ints1d:
        return concatenate([pair.segment_lengths for pair in self.pairs])

    @property
    def window_lengths(self) -> Ints1d:
        return concatenate([pair.window_lengths for pair in self.pairs])

    @property
    def segment_positions(self) -> Ints1d:
        """RETURNS (Ints1d): (n_segments,) 0-based place of a segment in its window."""
        windows = self.window_lengths
        return ranges(np.zeros_like(windows), windows)

    @property
    def n_rows(self) -> Ints1d:
        """RETURNS (Ints1d): (n_pairs,) rows of each pair."""
        return np.array([len(pair.piece_ids) for pair in self.pairs], dtype=np.int64)

    @property
    def n_segments(self) -> Ints1d:
        """RETURNS (Ints1d): (n_pairs,) segments of each pair."""
        return np.array([len(pair.segment_lengths) for pair in self.pairs], dtype=np.int64)


@stage("pack")
def pack_pairs(
    pairs: Sequence[Pair],
    packer: Packer,
    tokenizer: FastTokenizer,
    *,
    leads: Leads,
    segment_length: int,
    max_segments: int | None,
) -> PackedPairs:
    """Pack documents with their texts.

    pairs (Sequence[Pair]): (n_pairs,) several may have one document, which goes through the tokenizer once.
    packer (Packer): How documents become segments.
    tokenizer (FastTokenizer): A fast Hugging Face tokenizer with a classifier (or start-of-text) token.
    leads (Leads): What the texts lead: each of the segments, or each window, in segments of their own.
    segment_length (int): Most pieces of a segment, the classifier piece included.
    max_segments (int | None): Most segments of a window; None: all of a document.
    RETURNS (PackedPairs): The batch.
    RAISES (ValueError): If texts leave no room for the document, or sizes or tokenizer will not do.
    """
    check_choice("leads", leads, Leads, "Correct it in the [model] section of the component.")
    check_sizes(segment_length, max_segments)
    classifier_id = classifier_piece(
        tokenizer,
        whose=f"The tokenizer '{type(tokenizer).__name__}'",
        remedy="Set cls_token to a token of the vocabulary in tokenizer_config of the encoder.",
    )
    known: dict[int, Pieces] = {}
    packed = []
    for pair in pairs:
        if id(pair.doc) not in known:
            known[id(pair.doc)] = tokenize(pair.doc, tokenizer)
        pieces = known[id(pair.doc)]
        before = lead_pieces(pair.texts, tokenizer)
        if leads == "segments":
            _check_lead(pair, len(before), int(MOST_LED * (segment_length - 1)), leads)
            segmented = packer.segment(pair.doc, pieces, capacity=segment_length - 1 - len(before))
            (segmented,) = packer.limit([segmented], max_segments)
            packed.append(_pack(segmented, classifier_id, before, before[:0], segment_length, max_segments))
        else:
            n_leading = -(-len(before) // (segment_length - 1))
            room = None
            if max_segments is not None:
                _check_lead(pair, len(before), (max_segments - 1) * (segment_length - 1), leads)
                room = max_segments - n_leading
            segmented = packer.segment(pair.doc, pieces, capacity=segment_length - 1)
            (segmented,) = packer.limit([segmented], room)
            packed.append(_pack(segmented, classifier_id, before[:0], before, segment_length, room))
    batch = PackedPairs(packed)
    lengths = batch.segment_lengths
    tally(pieces=int(lengths.sum()), segments=len(lengths))
    return batch


def lead_pieces(texts: Sequence[str], tokenizer: FastTokenizer) -> Ints1d:
    """RETURNS (Ints1d): (n_pieces,) the texts, each with the tokenizer's separator behind it, if there is one."""
    separator = getattr(tokenizer, "sep_token_id", None)
    end = np.array([] if separator is None else [separator], dtype=np.int64)
    return concatenate([part for text in texts for part in (text_pieces(text, tokenizer), end)])


def _pack(
    doc: SegmentedDoc,
    classifier_id: int,
    of_segments: Ints1d,
    of_windows: Ints1d,
    segment_length: int,
    max_segments: int | None,
) -> PackedPair:
    """Lay out one document, behind what leads each segment, and what leads each window in segments of its own."""
    windows = window_lengths(np.array([doc.n_segments]), max_segments)
    lengths = np.diff(doc.bounds)
    if not doc.n_segments:  # nothing to read but the texts
        windows = np.array([0 if len(of_windows) else 1])
        lengths = np.zeros(windows[0], dtype=np.int64)
    own, own_lengths = _own_segments(of_windows, classifier_id, segment_length)
    n_first = 1 + len(of_segments)
    window_of = np.repeat(np.arange(len(windows)), windows)
    segment_rows = starts_of(lengths + n_first) + len(own) * (window_of + 1)
    window_rows = starts_of(np.bincount(window_of, lengths + n_first, len(windows)).astype(np.int64) + len(own))
    row_of_piece = ranges(segment_rows + n_first, lengths)
    ids = np.full(len(row_of_piece) + n_first * len(lengths) + len(own) * len(windows), classifier_id, dtype=np.int64)
    ids[row_of_piece] = doc.pieces.ids
    ids[segment_rows[:, None] + np.arange(1, n_first)] = of_segments
    ids[window_rows[:, None] + np.arange(len(own))] = own
    places = np.repeat(starts_of(windows), len(own_lengths))
    tokens = np.flatnonzero(doc.pieces.token_counts)
    first, counts = doc.pieces.token_first[tokens], doc.pieces.token_counts[tokens]
    return PackedPair(
        piece_ids=ids,
        segment_lengths=np.insert(lengths + n_first, places, np.tile(own_lengths, len(windows))),
        window_lengths=windows + len(own_lengths),
        window_rows=window_rows,
        tokens=tokens,
        first_rows=row_of_piece[first],
        last_rows=row_of_piece[first + counts - 1],
    )


def _own_segments(pieces: Ints1d, classifier_id: int, segment_length: int) -> tuple[Ints1d, Ints1d]:
    """Segments of nothing else than some pieces. RETURNS (tuple[Ints1d, Ints1d]): Their pieces, and their lengths."""
    starts = np.arange(0, len(pieces), segment_length - 1)
    lengths = np.diff(np.append(starts, len(pieces))) + 1
    return np.insert(pieces, starts, classifier_id), lengths


def _check_lead(pair: Pair, n_pieces: int, most: int, leads: Leads) -> None:
    if n_pieces > most:
        remedy = 'set leads = "windows"' if leads == "segments" else "take an encoder with more segments"
        raise LongLeadError(
            f"What a document is read with leaves it no room. Got: {n_pieces} pieces of {pair.texts[0][:60]!r}... "
            f"before each of its {leads}. Expected: at most {most}. Shorten it, or {remedy}."
        )
