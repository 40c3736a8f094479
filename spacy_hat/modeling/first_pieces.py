"""What a segment-wise block makes of first pieces that have changed, where the other pieces are taken to be as before.

    keys and values   | first piece: new | piece piece piece: kept from the whole document |
    queries           | first piece: new |

A segment learns of its document through its first piece alone. If the document changes elsewhere, so does that piece,
and the others only through it: by far the larger part of the work is for the smaller part of the change.
"""

import torch
from torch import Tensor

from ..ragged import ranges, starts_of
from .kinds import AnyBlock
from .plan import Ints


class KeptSegments:
    """A document's pieces at one segment-wise block, as keys and values for first pieces that are to come.

    block (AnyBlock): The block.
    hidden (Tensor): (n_pieces, hidden_size), what it reads in the whole document.
    segment_lengths (Ints): (n_segments,) pieces of each segment.
    """

    def __init__(self, block: AnyBlock, hidden: Tensor, segment_lengths: Ints) -> None:
        attention = block.self_attention
        n_segments, n_others = len(segment_lengths), int(segment_lengths.max(initial=1)) - 1
        self.block = block
        self.head_shape = (attention.n_heads, hidden.shape[-1] // attention.n_heads)
        rows = torch.from_numpy(ranges(starts_of(segment_lengths) + 1, segment_lengths - 1)).to(hidden.device)
        offsets = torch.from_numpy(ranges(segment_lengths * 0 + 1, segment_lengths - 1)).to(hidden.device)
        slots = torch.from_numpy(ranges(starts_of(segment_lengths * 0 + n_others), segment_lengths - 1)).to(rows.device)
        read = block.before_attention(hidden.index_select(0, rows))
        keys_values = attention.turned(attention.keys_and_values(read), offsets)
        kept = keys_values.new_zeros(n_segments * n_others, keys_values.shape[-1]).index_copy_(0, slots, keys_values)
        self.keys, self.values = kept.view(n_segments, n_others, 2, *self.head_shape).unbind(2)
        is_kept = torch.zeros(n_segments * n_others, dtype=torch.bool, device=rows.device).index_fill_(0, slots, True)
        self.is_kept = is_kept.view(n_segments, 1, n_others)
        if attention.rotary is not None and attention.rotary.reach is not None:
            self.is_kept[:, :, attention.rotary.reach :] = False  # further away than first pieces see

    def encode(self, first: Tensor, segments: Tensor) -> Tensor:
        """Run the block on first pieces, of several versions of the document at once.

        first (Tensor): (n_docs, n_segments, hidden_size), of some segments; what stands in the place of one that a
            version has not is not looked at by the others.
        segments (Tensor): (n_segments,) which segments of the document these are.
        RETURNS (Tensor): (n_docs, n_segments, hidden_size), the first pieces' output.
        """
        rows = first.flatten(0, 1)
        attention = self.block.self_attention
        read = self.block.before_attention(rows)
        # First pieces stand at place 0, where nothing is turned.
        query = attention.query(read).view(*first.shape[:2], *self.head_shape)
        own_key, own_value = attention.keys_and_values(read).view(*first.shape[:2], 2, *self.head_shape).unbind(2)
        own = (query * own_key).sum(-1, keepdim=True)
        others = torch.einsum("bshd,slhd->bshl", query, self.keys[segments])
        others = others.masked_fill(~self.is_kept[segments], torch.finfo(others.dtype).min)
        scores = torch.cat([own, others], dim=-1).float() * self.head_shape[1] ** -0.5
        weights = torch.softmax(scores, dim=-1).to(query.dtype)
        from_others = torch.einsum("bshl,slhd->bshd", weights[..., 1:], self.values[segments])
        context = weights[..., :1] * own_value + from_others
        return self.block.after_attention(context.flatten(0, 1).flatten(1), rows).view_as(first)
