"""What frozen blocks make of a segment, kept from epoch to epoch."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..ragged import ranges
from .packed_inputs import PackedInputs
from .plan import Ints
from .repeats import pick_segments


class SegmentCache:
    """Rows of segments, by their pieces, until it is full.

    It never lets go of a segment for another: a corpus that does not fit, read from its beginning again and again,
    would find nothing of what it wants. However it is duplicated, the duplicate is empty.

    max_bytes (int): Of the rows.
    folder (Path | None): Keep the rows in a nameless file there, mapped into memory, rather than in memory. The
        file is gone when the cache is.
    """

    def __init__(self, max_bytes: int, folder: Path | None = None) -> None:
        self.max_bytes = max_bytes
        self.folder = folder
        self._state: Any = None
        self._clear()

    def __reduce__(self) -> Any:
        return SegmentCache, (self.max_bytes, self.folder)

    def __len__(self) -> int:
        """RETURNS (int): Segments in it."""
        return len(self._starts)

    def encode(
        self, inputs: PackedInputs, encode: Callable[[PackedInputs], Tensor], segments_only: bool, state: Any
    ) -> Tensor:
        """Encode the segments that are not here, and take the others from here.

        inputs (PackedInputs): Distinct segments.
        encode (Callable): From packed inputs to their rows, (n_pieces, hidden_size) or (n_segments, hidden_size).
        segments_only (bool): Whether a segment has one row, and not one for each piece.
        state (Any): What the rows depend on, beside the pieces: if it is another than before, nothing is kept.
        RETURNS (Tensor): The rows of all segments, in order, as encode would give them.
        """
        if (segments_only, state) != self._state:
            self._clear()
            self._state = (segments_only, state)
        n_rows = np.ones_like(inputs.segment_lengths) if segments_only else inputs.segment_lengths
        keys = _keys(inputs)
        starts = np.array([self._starts.get(key, -1) for key in keys], dtype=np.int64)
        missing, known = np.flatnonzero(starts < 0), np.flatnonzero(starts >= 0)
        if not len(known):
            rows = encode(inputs)
            self._keep(keys, n_rows, rows)
            return rows
        assert self._rows is not None  # for the type checker: there are known segments
        found = self._rows.index_select(0, torch.from_numpy(ranges(starts[known], n_rows[known])))
        if not len(missing):
            return found.to(self._device)
        new = encode(pick_segments(inputs, missing))
        ends = np.cumsum(n_rows)
        rows = new.new_empty(int(ends[-1]), new.shape[-1])
        for segments, part in ((known, found.to(new.device)), (missing, new)):
            places = ranges((ends - n_rows)[segments], n_rows[segments])
            rows.index_copy_(0, torch.from_numpy(places).to(new.device), part)
        self._keep([keys[segment] for segment in missing], n_rows[missing], new)
        return rows

    def _clear(self) -> None:
        self._starts: dict[bytes, int] = {}
        self._n_rows = 0
        self._rows: Tensor | None = None
        self._device = torch.device("cpu")

    def _keep(self, keys: list[bytes], n_rows: Ints, rows: Tensor) -> None:
        """Keep the first of some segments, as many as there is room for."""
        if self._rows is None:
            self._device = rows.device
            capacity = self.max_bytes // (rows.shape[-1] * rows.element_size())
            self._rows = _make_rows(capacity, rows, self.folder)
        ends = self._n_rows + np.cumsum(n_rows)
        n_fit = int(np.searchsorted(ends, len(self._rows), side="right"))
        if n_fit:
            stop = int(ends[n_fit - 1])
            self._rows[self._n_rows : stop] = rows[: stop - self._n_rows].cpu()
            self._starts.update(zip(keys[:n_fit], (ends - n_rows)[:n_fit].tolist(), strict=True))
            self._n_rows = stop


def _keys(inputs: PackedInputs) -> list[bytes]:
    """The pieces of each segment. A loop over segments: a lookup each, in training only."""
    pieces = inputs.piece_ids.astype(np.int32)
    return [part.tobytes() for part in np.split(pieces, np.cumsum(inputs.segment_lengths)[:-1])]


def _make_rows(n_rows: int, like: Tensor, folder: Path | None) -> Tensor:
    """Room for rows, which the system gives as it is filled: (n_rows, hidden_size)"""
    if folder is None or not n_rows:
        return torch.empty(n_rows, like.shape[-1], dtype=like.dtype)
    n_bytes = n_rows * like.shape[-1] * like.element_size()
    with TemporaryFile(dir=folder) as file:
        file.truncate(n_bytes)
        mapped = np.memmap(file, dtype=np.uint8, mode="r+", shape=(n_bytes,))
    return torch.from_numpy(mapped).view(like.dtype).view(n_rows, like.shape[-1])
