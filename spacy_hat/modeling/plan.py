"""Index plans: which rows of a packed tensor attend to which, worked out once per batch.

A packed tensor has one row per real piece (or per segment) and no padding. Its rows fall into *groups* that attend
within themselves: the pieces of a segment, the segments of a window. Groups of similar length share a *bucket*, a
small rectangle that one call of attention can take; all else runs on the packed rows directly.

    rows     a a a b b c c c c            buckets   [c c c c]  [b b]
    groups   -----             ->                   [a a a .]
                   ---
                       -------
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..ragged import ranges, starts_of

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A group joins a bucket if it fills at least this share of its width, or misses at most this many rows of it.
MIN_FILL = 0.875
MAX_SLACK = 4
# On a CPU, long buckets are multiples of this wide: oneDNN compiles kernels for each width.
WIDTH_STEP = 16


@dataclass(frozen=True)
class Bucket:
    """Groups of similar length.

    n_groups (int): How many.
    width (int): Rows of the longest of them.
    rows (Tensor | None): (n_groups, width) int64, where their rows stand in the packed tensor; None: the packed
        tensor is this one bucket already.
    keys (Tensor | None): (n_groups, 1, 1, width) bool, which rows may be attended to; None: all of them.
    groups (Tensor): (n_groups,) int64, their numbers.
    """

    n_groups: int
    width: int
    rows: Tensor | None
    keys: Tensor | None
    groups: Tensor

    def take(self, packed: Tensor) -> Tensor:
        """(n_rows or more, any) of the packed tensor -> (n_groups * width, any), those of this bucket"""
        if self.rows is None:
            return packed[: self.n_groups * self.width]
        return packed.index_select(0, self.rows.flatten())


@dataclass(frozen=True)
class AttentionPlan:
    """Attention inside the groups of one packed tensor.

    buckets (tuple[Bucket, ...]): The groups, the longest first.
    unbucket (Tensor | None): (n_rows,) int64, where each packed row stands in the concatenated, flattened buckets;
        None: in its own place.
    query_gate (Tensor | None): (n_rows, 1) float32, 0 for rows of groups in which nothing may be attended to: their
        attention is then uniform, as in the published code. None: there are no such groups.
    first_rows (Tensor): (n_groups,) int64, where each group starts.
    places (Tensor): (n_rows,) int64, where each row stands in its group, from 0 on; read by rotary attention alone.
    has_gaps (bool): Whether places leave some out, which padding takes.
    """

    buckets: tuple[Bucket, ...]
    unbucket: Tensor | None
    query_gate: Tensor | None
    first_rows: Tensor
    places: Tensor
    has_gaps: bool = False

    @cached_property
    def bounds(self) -> Tensor:
        """RETURNS (Tensor): (n_groups + 1,) int32, where each group starts, and where the last one ends. Made on the
        plan's device, without a word from the host, and once for all blocks."""
        return F.pad(self.first_rows, (0, 1), value=self.places.shape[0]).int()

    def ungroup(self) -> Tensor:
        """RETURNS (Tensor): (n_groups,) int64, where each group stands among those of all buckets, one after another"""
        return torch.cat([bucket.groups for bucket in self.buckets]).argsort()


def plan_attention(
    lengths: Ints, device: torch.device, is_key: Bools | None = None, places: Ints | None = None
) -> AttentionPlan:
    """Sort groups into buckets.

    lengths (Ints): (n_groups,) rows of each group, all at least 1.
    device (torch.device): Where the plan's tensors go.
    is_key (Bools | None): (n_rows,) whether a row may be attended to; None: every row may.
    places (Ints | None): (n_rows,) where each row stands in its group; None: one behind the other.
    RETURNS (AttentionPlan): The plan.
    """
    starts = starts_of(lengths)
    without_gaps = ranges(np.zeros_like(lengths), lengths)
    places = without_gaps if places is None else places
    own_places = torch.from_numpy(places).to(device)
    has_gaps = not np.array_equal(places, without_gaps)
    query_gate = None
    if is_key is not None:
        has_key = np.logical_or.reduceat(is_key, starts) if len(starts) else np.zeros(0, dtype=bool)
        is_keyless = ~np.repeat(has_key, lengths)
        query_gate = torch.from_numpy(~is_keyless[:, None]).to(device, torch.float32)
        is_key = is_key | is_keyless
    unbucket = np.empty(int(lengths.sum()), dtype=np.int64)
    buckets = []
    n_slots = 0
    runs = _similar_lengths(lengths)
    for groups in runs:
        width = int(lengths[groups[0]])
        if device.type == "cpu" and len(runs) > 1 and width > WIDTH_STEP * 4:
            width += -width % WIDTH_STEP
        columns = np.arange(width)
        is_row = columns < lengths[groups, None]
        rows = starts[groups, None] + np.where(is_row, columns, 0)
        unbucket[rows[is_row]] = n_slots + np.flatnonzero(is_row)
        n_slots += is_row.size
        buckets.append(_make_bucket(rows, is_row if is_key is None else is_row & is_key[rows], groups, device))
    first_rows = torch.from_numpy(starts).to(device)
    if len(buckets) == 1 and len(lengths) * buckets[0].width == len(unbucket):
        whole = (replace(buckets[0], rows=None),)
        return AttentionPlan(whole, None, query_gate, first_rows, own_places, has_gaps)
    return_to = torch.from_numpy(unbucket).to(device)
    return AttentionPlan(tuple(buckets), return_to, query_gate, first_rows, own_places, has_gaps)


def _similar_lengths(lengths: Ints) -> list[Ints]:
    """Split group numbers into runs of similar length; the first of each run is its longest."""
    order = np.argsort(-lengths, kind="stable")
    descending = -lengths[order]
    runs = []
    start = 0
    while start < len(order):
        width = int(lengths[order[start]])
        shortest = min(width - MAX_SLACK, int(np.ceil(MIN_FILL * width)))
        stop = int(np.searchsorted(descending, -shortest, side="right"))
        run = order[start:stop]
        runs.append(np.sort(run) if (lengths[run] == width).all() else run)
        start = stop
    return runs


def _make_bucket(rows: Ints, keys: Bools, groups: Ints, device: torch.device) -> Bucket:
    n_groups, width = rows.shape
    mask = None if keys.all() else torch.from_numpy(keys[:, None, None]).to(device)
    return Bucket(n_groups, width, torch.from_numpy(rows).to(device), mask, torch.from_numpy(groups).to(device))


@dataclass(frozen=True)
class MicroBatch:
    """Whole segments, encoded together.

    rows (slice): Their pieces in the packed tensor.
    attention (AttentionPlan): Attention inside each of them.
    """

    rows: slice
    attention: AttentionPlan


@dataclass(frozen=True)
class EncoderPlan:
    """Everything that the blocks of an encoder need to know about a batch.

    micro_batches (tuple[MicroBatch, ...]): Segments, for segment-wise attention. Together they cover all rows.
    cross_rows (Tensor): (n_segments,) int64, the rows that take part in cross-segment attention: first pieces.
    cross_positions (Tensor): (n_segments,) int64, their rows in the table of document positions.
    windows (AttentionPlan): Attention between the segments of each window.
    """

    micro_batches: tuple[MicroBatch, ...]
    cross_rows: Tensor
    cross_positions: Tensor
    windows: AttentionPlan

    def of_segments(self) -> "EncoderPlan":
        """RETURNS (EncoderPlan): The same for a tensor of first pieces alone, (n_segments, hidden_size)."""
        own_places = torch.arange(len(self.cross_rows), device=self.cross_rows.device)
        return replace(self, micro_batches=(), cross_rows=own_places)


def runs_within(lengths: Ints, limit: int | None) -> Iterator[tuple[int, int]]:
    """Cut a sequence into the fewest runs of bounded total length, all about as long where that is possible.

    lengths (Ints): (n_groups,) of what is cut.
    limit (int | None): Total of a run at most (a longer group makes its own run); None: one run.
    YIELDS (tuple[int, int]): The first group of each run, and one past its last.
    """
    if not len(lengths):
        return
    ends = np.cumsum(lengths)
    stops = [len(lengths)] if limit is None else _filled_runs(ends, lengths, limit)
    # One short run at the end saves nothing; runs of like length do, as a CPU compiles kernels for each length.
    even = np.searchsorted(ends, ends[-1] * np.arange(1, len(stops) + 1) / len(stops))
    even_stops = np.unique(np.append(even[:-1] + 1, len(lengths)))
    totals = np.diff(ends[even_stops - 1], prepend=0)
    if limit is not None and len(even_stops) == len(stops) and totals.max() <= limit:
        stops = even_stops.tolist()
    yield from zip([0, *stops[:-1]], stops, strict=True)


def _filled_runs(ends: Ints, lengths: Ints, limit: int) -> list[int]:
    """Where runs stop, if each takes as much as it can."""
    stops: list[int] = []
    while not stops or stops[-1] < len(lengths):
        start = stops[-1] if stops else 0
        first = ends[start] - lengths[start]
        stops.append(max(int(np.searchsorted(ends, first + limit, side="right")), start + 1))
    return stops


def plan_micro_batches(
    lengths: Ints,
    device: torch.device,
    max_pieces: int | None = None,
    is_key: Bools | None = None,
    places: Ints | None = None,
) -> tuple[MicroBatch, ...]:
    """Plan segment-wise attention, in portions of bounded size.

    lengths (Ints): (n_segments,) pieces of each segment.
    device (torch.device): Where the plan's tensors go.
    max_pieces (int | None): Pieces in one portion at most (a longer segment makes its own); None: one portion.
    is_key (Bools | None): (n_pieces,) whether a piece may be attended to; None: every piece may.
    places (Ints | None): (n_pieces,) where each piece stands in its segment; None: one behind the other.
    RETURNS (tuple[MicroBatch, ...]): The portions, in order.
    """
    ends = np.cumsum(lengths)
    portions = []
    for start, stop in runs_within(lengths, max_pieces):
        rows = slice(int(ends[start] - lengths[start]), int(ends[stop - 1]))
        keys = None if is_key is None else is_key[rows]
        own_places = None if places is None else places[rows]
        portions.append(MicroBatch(rows, plan_attention(lengths[start:stop], device, keys, own_places)))
    return tuple(portions)
