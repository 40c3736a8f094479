"""Join packing and encoder output to what spaCy's listeners read: one row per segment."""

from dataclasses import dataclass
from typing import Any, Iterable, List, Literal, cast

import numpy as np
import torch
from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch, TransformerData, WordpieceBatch
from thinc.api import torch2xp
from thinc.types import Floats2d, Ints1d, Ints2d, Ragged
from torch import Tensor
from transformers import PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from ..packing import PackedDocs
from .segment_data import SegmentData, align_segments

Output = Literal["pieces", "segments"]


@dataclass
class HATBatch(FullTransformerBatch):
    """A FullTransformerBatch that also takes gradients back of documents with tokens and no segment.

    These (documents of spaces) have one row that is no segment: zeros, for listeners that want a vector per token.
    """

    def unsplit_by_doc(self, arrays: List[List[Any]]) -> FullTransformerBatch:
        with_rows = [spans for spans, data in zip(self.spans, self.doc_data, strict=True) if data.tensors]
        arrays = [array for array, spans in zip(arrays, with_rows, strict=True) if spans]
        if arrays:
            return super().unsplit_by_doc(arrays)
        return FullTransformerBatch(self.spans, self.wordpieces, ModelOutput(), self.align)


@dataclass(frozen=True)
class SegmentGrid:
    """Where the encoder's rows stand in the grid of segments, (n_segments, longest segment).

    With output = "segments", they are the segment vectors alone, and the grid has one column.

    n_segments (int): Rows of the grid.
    width (int): Its columns: pieces of the longest segment, or 1.
    slots (np.ndarray): (n_rows,) int64, places of the encoder's rows in the flattened grid.
    output (Literal["pieces", "segments"]): Which rows these are.
    """

    n_segments: int
    width: int
    slots: np.ndarray
    output: Output = "pieces"

    @classmethod
    def of(cls, packed: PackedDocs, output: Output = "pieces") -> "SegmentGrid":
        lengths = packed.segment_lengths
        if output == "segments":
            return cls(len(lengths), 1, np.arange(len(lengths)), output)
        width = int(lengths.max(initial=0))
        starts = np.cumsum(lengths) - lengths
        shift = np.arange(len(lengths)) * width - starts
        return cls(len(lengths), width, np.arange(len(packed.piece_ids)) + np.repeat(shift, lengths), output)

    def spread(self, portions: Iterable[Tensor], like: Tensor) -> Tensor:
        """Fill the grid, portion by portion, so that no second copy of all rows is ever there.

        portions (Iterable[Tensor]): (rows of the portion, hidden_size) each; together all rows, in order.
        like (Tensor): (any, hidden_size), of the device and type wanted.
        RETURNS (Tensor): (n_segments, width, hidden_size), zeros where there is no piece.
        """
        grid = like.new_zeros(self.n_segments * self.width, like.shape[-1])
        start = 0
        for rows in portions:
            slots = self.slots[start : start + len(rows)]
            grid.index_copy_(0, torch.from_numpy(slots).to(rows.device), rows)
            start += len(rows)
        return grid.view(self.n_segments, self.width, like.shape[-1])

    def collect(self, grid: Tensor) -> Tensor:
        """(n_segments, width, hidden_size) -> (n_rows, hidden_size)"""
        return grid.flatten(0, 1).index_select(0, torch.from_numpy(self.slots).to(grid.device))


def make_batch(
    docs: List[Doc], packed: PackedDocs, grid: SegmentGrid, spread: Tensor, tokenizer: PreTrainedTokenizerBase
) -> HATBatch:
    """Put a batch into the form that spacy-transformers defines, its parts for each Doc included.

    docs (List[Doc]): The documents.
    packed (PackedDocs): Their pieces.
    grid (SegmentGrid): Of the pieces, or of the segments.
    spread (Tensor): (n_segments, width, hidden_size), the encoder's output in the grid.
    tokenizer (PreTrainedTokenizerBase): For the pieces as strings.
    RETURNS (HATBatch): `last_hidden_state` is the output in the grid. For a document with tokens and no segments it is
        (1, 1, hidden_size), zeros, aligned to no token.
    """
    of_segments = grid.output == "segments"
    data_class = SegmentData if of_segments else TransformerData
    output, no_segment = torch2xp(spread), torch2xp(spread.new_zeros(1, 1, spread.shape[-1]))
    wordpieces = _first_pieces(packed, tokenizer) if of_segments else _all_pieces(packed, grid, tokenizer)
    if of_segments:
        align_slots, align_lengths = align_segments(packed)
    else:
        align_slots, align_lengths = grid.slots[packed.align_rows], packed.align_lengths
    segment_ends = np.cumsum(packed.segments_per_doc)
    token_ends = np.cumsum(packed.tokens_per_doc)
    align_ends = np.concatenate([[0], np.cumsum(align_lengths)])
    spans: List[List[Span]] = []
    doc_data: List[TransformerData] = []
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
    firsts = packed.piece_ids[np.cumsum(packed.segment_lengths) - packed.segment_lengths]
    return WordpieceBatch(
        strings=[[string] for string in _strings(firsts, tokenizer)],
        input_ids=cast(Ints2d, firsts[:, None].astype("int32")),
        attention_mask=cast(Floats2d, np.ones((len(firsts), 1), dtype="float32")),
        lengths=[1] * len(firsts),
        token_type_ids=None,
    )


def _strings(piece_ids: np.ndarray, tokenizer: PreTrainedTokenizerBase) -> List[str]:
    """Pieces as strings. Those of the same piece are one object, where the tokenizer would make one for each."""
    ids, places = np.unique(piece_ids, return_inverse=True)
    strings = tokenizer.convert_ids_to_tokens(ids.tolist())
    return [strings[place] for place in places.tolist()]


def _ragged(data: np.ndarray, lengths: np.ndarray) -> Ragged:
    return Ragged(cast(Ints1d, data.astype("int32")), cast(Ints1d, lengths.astype("int32")))
