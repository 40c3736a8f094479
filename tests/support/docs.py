"""Documents to pack, a short way to pack them, and a view of the result document by document."""

from typing import Any

import numpy as np
import spacy
from spacy.tokens import Doc

from spacy_hat.packing import PackedDocs, Packer
from tests.support import odd_text
from tests.support.tokenizers_tiny import TINY_TOKENIZERS

NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")
TOKENIZERS = {name: make() for name, make in TINY_TOKENIZERS.items()}
PACKINGS = ["sentences", "greedy", "fixed"]
SHORT = "the court held that. "
LONG = "the appeal was dismissed and costs follow that we read the whole documents hello. "

ODD_TEXTS = odd_text.ODD_TEXTS | {"long": SHORT * 9 + LONG * 3}


def pack(
    docs: list[Doc],
    name: str = "wordpiece",
    packing: Any = "greedy",
    segment_length: int = 9,
    max_segments: int = 4,
    **settings: Any,
) -> PackedDocs:
    """RETURNS (PackedDocs): The documents, cut into pieces by one of the tiny tokenizers."""
    return Packer(packing, **settings)(docs, TOKENIZERS[name], segment_length=segment_length, max_segments=max_segments)


def classifier_rows(packed: PackedDocs) -> np.ndarray:
    """RETURNS (ndarray): (n_segments,) rows of the first pieces."""
    return np.cumsum(packed.segment_lengths) - packed.segment_lengths


def parts(packed: PackedDocs) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): What the batch says of each document, free of its place in the batch."""
    row_ends = np.cumsum(packed.segment_lengths)
    segment_ends, token_ends = np.cumsum(packed.segments_per_doc), np.cumsum(packed.tokens_per_doc)
    align_ends = np.cumsum(packed.align_lengths)
    seen = []
    for n_segments, segment_end, n_tokens, token_end in zip(
        packed.segments_per_doc, segment_ends, packed.tokens_per_doc, token_ends, strict=True
    ):
        segments, tokens = slice(segment_end - n_segments, segment_end), slice(token_end - n_tokens, token_end)
        lengths = packed.segment_lengths[segments]
        last_row = row_ends[segment_end - 1] if segment_end else 0
        first_row = last_row - lengths.sum()
        align_lengths = packed.align_lengths[tokens]
        align_end = align_ends[token_end - 1] if token_end else 0
        rows = packed.align_rows[align_end - align_lengths.sum() : align_end]
        seen.append(
            {
                "piece_ids": packed.piece_ids[first_row:last_row].tolist(),
                "segment_lengths": lengths.tolist(),
                "segment_positions": packed.segment_positions[segments].tolist(),
                "segment_tokens": packed.segment_tokens[segments].tolist(),
                "align_lengths": align_lengths.tolist(),
                "align_rows": (rows - first_row).tolist(),
            }
        )
    return seen
