"""Where the rows that an encoder makes stand in the rectangle that spaCy's listeners read."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..choices import Output
from ..packing import PackedDocs
from ..ragged import starts_of


@dataclass(frozen=True)
class SegmentGrid:
    """Where the encoder's rows stand in the grid of segments, (n_segments, longest segment).

    With output = "segments", they are the segment vectors alone, and the grid has one column.

    n_segments (int): Rows of the grid.
    width (int): Its columns: pieces of the longest segment, or 1.
    slots (np.ndarray): (n_rows,) int64, places of the encoder's rows in the flattened grid.
    output (Output): Which rows these are.
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
        starts = starts_of(lengths)
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
