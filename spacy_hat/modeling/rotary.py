"""Rotary positions (Su et al. 2021): queries and keys are turned by angles that grow with their places.

So their products depend on how far apart they stand, and on nothing else of where they stand: there is no table, and no
last place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .plan import AttentionPlan, Bucket
from .tracing import is_traced

# Columns of a bucket that attend together, at least, where rows do not see all of it.
SHORTEST_PORTION = 128


@dataclass(frozen=True)
class Rotary:
    """How one attention tells where rows stand.

    theta (float): The larger, the slower the slowest numbers of a head turn.
    reach (int | None): How far a row sees, to either side; None: the whole group.
    factor (float): Places are divided by it before rows turn.
    """

    theta: float
    reach: int | None = None
    factor: float = 1.0

    def turns(self, places: Tensor, head_size: int) -> tuple[Tensor, Tensor]:
        """Work out by how much rows are turned.

        places (Tensor): (n_rows,) int64, where they stand.
        head_size (int): Numbers of a head.
        RETURNS (tuple[Tensor, Tensor]): Cosines and sines (n_rows, 1, head_size / 2), float32.
        """
        # Not kept: in half precision, angles would be far off, and a model that is cast would cast these too.
        exponents = torch.arange(0, head_size, 2, dtype=torch.float32, device=places.device) / head_size
        angles = places[:, None, None].float() * (1.0 / self.theta**exponents / self.factor)
        return angles.cos(), angles.sin()

    def reach_in(self, plan: AttentionPlan) -> int | None:
        """RETURNS (int | None): How far a row sees; None: all of its group, however far it could see."""
        longest = max(bucket.width for bucket in plan.buckets)
        return None if self.reach is None or (longest <= self.reach + 1 and not plan.has_gaps) else self.reach

    def portions(self, width: int, first_only: bool) -> Iterator[tuple[slice, slice]]:
        """Cut a bucket into parts that can attend alone, as far as rows see.

        width (int): Of the bucket.
        first_only (bool): Whether the first row of each group alone attends.
        YIELDS (tuple[slice, slice]): Columns that attend, and those that they may attend to.
        """
        if self.reach is None:
            yield slice(0, 1 if first_only else width), slice(0, width)
        elif first_only:
            yield slice(0, 1), slice(0, min(width, self.reach + 1))
        else:
            # Shorter parts would see mostly what their neighbours see too.
            step = width if width <= 4 * self.reach else max(2 * self.reach, SHORTEST_PORTION)
            for start in range(0, width, step):
                stop = min(start + step, width)
                yield slice(start, stop), slice(max(0, start - self.reach), min(width, stop + self.reach))

    def keys_in_reach(self, plan: AttentionPlan, bucket: Bucket, asking: slice, asked: slice) -> Tensor | None:
        """Say which rows of a bucket each row may attend to.

        plan (AttentionPlan): The groups.
        bucket (Bucket): One of its buckets.
        asking (slice): Columns of it that attend.
        asked (slice): Columns of it that they attend to.
        RETURNS (Tensor | None): (n_groups or 1, 1, columns that attend or 1, columns that are attended to) bool;
            None: all of them.
        """
        keys = None if bucket.keys is None else bucket.keys[..., asked]
        furthest = max(asking.stop - 1 - asked.start, asked.stop - 1 - asking.start)
        if self.reach is None or (furthest <= self.reach and not plan.has_gaps):
            return keys
        if plan.has_gaps:
            places = bucket.take(plan.places[:, None]).view(bucket.n_groups, bucket.width)
        else:
            places = torch.arange(bucket.width, device=plan.places.device)[None]
        near = ((places[:, asking, None] - places[:, None, asked]).abs() <= self.reach)[:, None]
        if bucket.keys is None or keys is None:
            return near
        # What is not a row may attend to all, as nothing to attend to would be NaN.
        is_row = bucket.keys.transpose(-1, -2)[:, :, asking]
        return (keys & near) | ~is_row


def turn(rows: Tensor, turns: tuple[Tensor, Tensor], n_heads: int) -> Tensor:
    """Turn queries, or keys with values behind them, which stay as they are.

    rows (Tensor): (n_rows, hidden_size or 2 * hidden_size), just made; written to where no gradient is wanted.
    turns (tuple[Tensor, Tensor]): By how much, as `Rotary.turns` says.
    n_heads (int): Heads.
    RETURNS (Tensor): Like rows.
    """
    cosines, sines = turns
    width = n_heads * 2 * cosines.shape[-1]
    first, second = rows[:, :width].unflatten(-1, (n_heads, 2, -1)).unbind(2)
    turned_first = (first * cosines).addcmul_(second, sines, value=-1)
    in_place = not rows.requires_grad and not is_traced()
    if in_place and rows.dtype == cosines.dtype:  # one pass over memory less, and no more is rounded
        second.mul_(cosines).addcmul_(first, sines)
        first.copy_(turned_first)
        return rows
    turned_second = (second * cosines).addcmul_(first, sines)
    if in_place:
        first.copy_(turned_first)
        second.copy_(turned_second)
        return rows
    turned = torch.stack([turned_first, turned_second], dim=2).flatten(1).to(rows.dtype)
    return turned if rows.shape[1] == width else torch.cat([turned, rows[:, width:]], dim=1)
