"""One vector for each suggested span: its segments beside its own pieces.

segment:  <s>  Why   ?   I   agree   .
span:                    |-----------|   its pieces             -> mean -> hidden_size numbers --.
          ^^^                                                                                    |-- 2 * hidden_size
          |---------------------------   segments they are in   -> mean -> hidden_size numbers --'

The segment vector carries what the rest of the document says, the pieces what the span itself says (several sentences
may share a segment). Where the encoder keeps segment vectors only (`output = "segments"`), a token has no pieces of its
own: the second mean is then over the span's tokens, each with the vector of its segment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy
from thinc.api import Model, Ops, reduce_mean
from thinc.types import Floats2d, Ints1d, Ragged

from ..ragged import ranges
from .pooling import skip_empty
from .segment_data import alignment
from .transformer_outputs import has_output, hidden_states, with_gradient
from .trf_interface import TransformerData

InT = tuple[list[TransformerData], Ragged]
OutT = Floats2d


@dataclass(frozen=True)
class Rows:
    """Which rows of one document's output each span takes the mean of.

    rows (Ints1d): Rows of the (n_segments * segment_length, hidden_size) output, span after span.
    lengths (Ints1d): (n_spans,) how many of them each span has.
    """

    rows: Ints1d
    lengths: Ints1d


def span_vectors() -> Model[InT, OutT]:
    """Put the mean vector of the segments of each span beside that of its pieces.

    A span without pieces (of spaces, or in a document without output) gets zeros.

    RETURNS (Model[tuple[list[TransformerData], Ragged], Floats2d]): From the outputs of n_docs documents and their
        spans, a Ragged of (n_spans, 2) first tokens and tokens past the last, to (n_spans, 2 * hidden_size).
    """
    return Model("span_vectors", forward, init=init, layers=[skip_empty(reduce_mean())], dims={"nO": None})


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    ops = model.ops
    outputs, spans = X
    width = model.get_dim("nO") // 2
    per_doc = zip(outputs, _spans_per_doc(ops, spans), strict=True)
    plans = [span_rows(ops, data, doc_spans) for data, doc_spans in per_doc]
    Y_segments, backprop_segments = _mean(model, outputs, [segments for segments, _ in plans], is_train)
    Y_pieces, backprop_pieces = _mean(model, outputs, [pieces for _, pieces in plans], is_train)

    def backprop(dY: OutT) -> InT:
        d_flat = [ops.alloc(_flat(ops, data, width).shape, dtype=dY.dtype) for data in outputs]
        backprop_segments(dY[:, :width], d_flat)
        backprop_pieces(dY[:, width:], d_flat)
        present = [(data, d) for data, d in zip(outputs, d_flat, strict=True) if has_output(data)]
        return [with_gradient(data, d.reshape(hidden_states(data).shape)) for data, d in present], spans

    return ops.xp.concatenate([Y_segments, Y_pieces], axis=1), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    # The width must be known for batches in which no document has output.
    if X is not None:
        model.set_dim("nO", 2 * X[0][0].width)


def span_rows(ops: Ops, data: TransformerData, spans: numpy.ndarray) -> tuple[Rows, Rows]:
    """Plan the two means of each span of one document. Index arithmetic stays on the host, where spaCy's alignment is.

    ops (Ops): Where the rows will be used.
    data (TransformerData): The output of the document.
    spans (numpy.ndarray): Shape (n_spans, 2), first tokens and tokens past the last.
    RETURNS (tuple[Rows, Rows]): First pieces of the distinct segments that the span's pieces stand in; its pieces.
    """
    n_spans = len(spans)
    if not has_output(data):
        nothing = Rows(ops.alloc1i(0), ops.alloc1i(n_spans))
        return nothing, nothing
    n_segments, segment_length = hidden_states(data).shape[:2]
    align = alignment(data)
    align_rows = ops.to_numpy(align.dataXd).reshape(-1)
    token_ends = numpy.append(0, numpy.cumsum(ops.to_numpy(align.lengths)))
    starts, ends = token_ends[spans[:, 0]], token_ends[spans[:, 1]]
    n_pieces = ends - starts
    # Spans overlap as their suggester likes, so each one lists its own places in the alignment: start, start + 1, ...
    piece_rows = align_rows[ranges(starts, n_pieces)]
    owners = numpy.repeat(numpy.arange(n_spans), n_pieces)
    # One number for each pair of span and segment; sorted, and once each.
    pairs = numpy.unique(owners * n_segments + piece_rows // segment_length)
    segment_counts = numpy.bincount(pairs // n_segments, minlength=n_spans)
    segment_rows = pairs % n_segments * segment_length
    return _rows(ops, segment_rows, segment_counts), _rows(ops, piece_rows, n_pieces)


def _rows(ops: Ops, rows: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
    return Rows(ops.asarray1i(cast(Ints1d, rows)), ops.asarray1i(cast(Ints1d, lengths)))


def _mean(
    model: Model[InT, OutT], outputs: list[TransformerData], plans: list[Rows], is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d, list[Floats2d]], None]]:
    ops = model.ops
    width = model.get_dim("nO") // 2
    rows = [_flat(ops, data, width)[plan.rows] for data, plan in zip(outputs, plans, strict=True)]
    lengths = [plan.lengths for plan in plans]
    means, backprop_mean = model.layers[0](Ragged(ops.xp.concatenate(rows), ops.xp.concatenate(lengths)), is_train)

    def add_gradient(d_means: Floats2d, d_flat: list[Floats2d]) -> None:
        # thinc's reductions read gradients as contiguous memory.
        d_rows = backprop_mean(ops.xp.ascontiguousarray(d_means)).dataXd
        end = 0
        for d, plan in zip(d_flat, plans, strict=True):
            start, end = end, end + len(plan.rows)
            ops.scatter_add(d, plan.rows, d_rows[start:end])

    return means, add_gradient


def _flat(ops: Ops, data: TransformerData, width: int) -> Floats2d:
    return ops.reshape2f(hidden_states(data), -1, width) if has_output(data) else ops.alloc2f(0, width)


def _spans_per_doc(ops: Ops, spans: Ragged) -> list[numpy.ndarray]:
    # Suggesters give data of shape (0, 0) where there are no spans.
    rows = ops.to_numpy(spans.dataXd).reshape((-1, 2))
    return numpy.split(rows, numpy.cumsum(ops.to_numpy(spans.lengths))[:-1])
