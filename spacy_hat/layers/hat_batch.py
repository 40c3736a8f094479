"""Join packing and encoder output to what spaCy's listeners read: one row per segment."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from spacy.tokens import Doc, Span
from thinc.api import torch2xp
from thinc.types import Floats2d, Ints1d, Ints2d, Ragged
from torch import Tensor
from transformers import PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from ..packing import PackedDocs
from ..ragged import starts_of
from .segment_data import SegmentData, align_segments
from .segment_grid import SegmentGrid
from .trf_interface import FullTransformerBatch, TransformerData, WordpieceBatch


@dataclass
class HATBatch(FullTransformerBatch):
    """A FullTransformerBatch that also takes gradients back of documents with tokens and no segment.

    These (documents of spaces) have one row that is not a segment: zeros, for listeners that want a vector per token.
    """

    def unsplit_by_doc(self, arrays: list[list[Any]]) -> FullTransformerBatch:
        with_rows = [spans for spans, data in zip(self.spans, self.doc_data, strict=True) if data.tensors]
        arrays = [array for array, spans in zip(arrays, with_rows, strict=True) if spans]
        if arrays:
            return super().unsplit_by_doc(arrays)
        return FullTransformerBatch(self.spans, self.wordpieces, ModelOutput(), self.align)


def make_batch(
    docs: list[Doc], packed: PackedDocs, grid: SegmentGrid, spread: Tensor, tokenizer: PreTrainedTokenizerBase
) -> HATBatch:
    """Put a batch into the form that spacy-transformers defines, its parts for each Doc included.

    docs (list[Doc]): The documents.
    packed (PackedDocs): Their pieces.
    grid (SegmentGrid): Of the pieces, or of the segments.
    spread (Tensor): (n_segments, width, hidden_size), the encoder's output in the grid.
    tokenizer (PreTrainedTokenizerBase): For the pieces as strings.
    RETURNS (HATBatch): `last_hidden_state` is the output in the grid. For a document with tokens and no segments it is
        (1, 1, hidden_size), zeros, aligned to no token.
    """
    segments_only = grid.output == "segments"
    data_class = SegmentData if segments_only else TransformerData
    output, no_segment = torch2xp(spread), torch2xp(spread.new_zeros(1, 1, spread.shape[-1]))
    wordpieces = _first_pieces(packed, tokenizer) if segments_only else _all_pieces(packed, grid, tokenizer)
    if segments_only:
        align_slots, align_lengths = align_segments(packed)
    else:
        align_slots, align_lengths = grid.slots[packed.align_rows], packed.align_lengths
    segment_ends = np.cumsum(packed.segments_per_doc)
    token_ends = np.cumsum(packed.tokens_per_doc)
    align_ends = np.concatenate([[0], np.cumsum(align_lengths)])
    spans: list[list[Span]] = []
    doc_data: list[TransformerData] = []
    for doc, segment_stop, token_stop in zip(docs, segment_ends.tolist(), token_ends.tolist(), strict=True):
        segments = slice(segment_stop - int(packed.segments_per_doc[len(spans)]), segment_stop)
        tokens = slice(token_stop - len(doc), token_stop)
        spans.append([doc[start:stop] for start, stop in packed.segment_tokens[segments].tolist()])
        if not len(doc):
            doc_data.append(TransformerData.empty())
            continue
        doc_slots = align_slots[align_ends[tokens.start] : align_ends[tokens.stop]] - segments.start * grid.width
        doc_data.append(
            data_class(
                wordpieces=wordpieces[segments],
                model_output=ModelOutput(last_hidden_state=output[segments] if spans[-1] else no_segment),
                align=_ragged(doc_slots, align_lengths[tokens]),
            )
        )
    return HATBatch(
        spans=spans,
        wordpieces=wordpieces,
        model_output=ModelOutput(last_hidden_state=spread),
        align=_ragged(align_slots, align_lengths),
        cached_doc_data=doc_data,
    )


def _all_pieces(packed: PackedDocs, grid: SegmentGrid, tokenizer: PreTrainedTokenizerBase) -> WordpieceBatch:
    """The pieces as ids, mask and strings, one row per segment."""
    shape = (grid.n_segments, grid.width)
    ids = np.full(shape, tokenizer.pad_token_id or 0, dtype="int32")
    mask = np.zeros(shape, dtype="float32")
    ids.reshape(-1)[grid.slots] = packed.piece_ids
    mask.reshape(-1)[grid.slots] = 1.0
    strings = _strings(packed.piece_ids, tokenizer)
    ends = np.cumsum(packed.segment_lengths).tolist()
    return WordpieceBatch(
        strings=[strings[start:stop] for start, stop in zip([0, *ends[:-1]], ends, strict=False)],
        input_ids=cast(Ints2d, ids),
        attention_mask=cast(Floats2d, mask),
        lengths=packed.segment_lengths.tolist(),
        token_type_ids=None,
    )


def _first_pieces(packed: PackedDocs, tokenizer: PreTrainedTokenizerBase) -> WordpieceBatch:
    """What the vectors are of, with output = "segments": the first piece of each segment."""
    firsts = packed.piece_ids[starts_of(packed.segment_lengths)]
    return WordpieceBatch(
        strings=[[string] for string in _strings(firsts, tokenizer)],
        input_ids=cast(Ints2d, firsts[:, None].astype("int32")),
        attention_mask=cast(Floats2d, np.ones((len(firsts), 1), dtype="float32")),
        lengths=[1] * len(firsts),
        token_type_ids=None,
    )


def _strings(piece_ids: np.ndarray, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Pieces as strings. Those of the same piece are one object, where the tokenizer would make one for each."""
    ids, places = np.unique(piece_ids, return_inverse=True)
    strings = tokenizer.convert_ids_to_tokens(ids.tolist())
    return [strings[place] for place in places.tolist()]


def _ragged(data: np.ndarray, lengths: np.ndarray) -> Ragged:
    return Ragged(cast(Ints1d, data.astype("int32")), cast(Ints1d, lengths.astype("int32")))
