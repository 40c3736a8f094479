"""The blocks of an encoder, at once or in two stages: what the first says of a segment can serve many documents.

    S | S | SD | S | SD          own segment:  embeddings, S, S, S        the rest:  D, S, S, D
    ------^  ----------

Up to the first cross-segment attention, a segment knows nothing of its document: its vectors are the same in every
document that holds it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .hat_layer import HATLayer
from .packed_inputs import PackedInputs
from .plan import EncoderPlan, runs_within
from .repeats import Repeats
from .segment_cache import SegmentCache


def n_leading(layers: Sequence[HATLayer]) -> int:
    """RETURNS (int): Blocks whose segment-wise part sees nothing of other segments: until they have attended."""
    for number, layer in enumerate(layers):
        if layer.document_encoder is not None:
            return number + (layer.sentence_encoder is not None)
    return len(layers)


def last_segment_wise(layers: Sequence[HATLayer]) -> int:
    """RETURNS (int): The number of the last block that reads all pieces of a segment; -1 if none does."""
    # Not max(…, default=-1), which torch.compile does not read.
    return [-1, *(number for number, layer in enumerate(layers) if layer.sentence_encoder is not None)][-1]


def run_blocks(
    layers: Sequence[HATLayer],
    hidden: Tensor,
    plan: EncoderPlan,
    *,
    segments_only: bool = False,
    n_led: int = 0,
    n_frozen: int = 0,
    recompute: bool = False,
) -> Iterator[Tensor]:
    """Run blocks one by one.

    layers (Sequence[HATLayer]): The blocks, from the lowest to the highest.
    hidden (Tensor): (n_rows, hidden_size), pieces, or segment vectors if no block that is left reads pieces.
    plan (EncoderPlan): Of these rows.
    segments_only (bool): Whether only the segment vectors of the last block are wanted. The last segment-wise block
        then makes first pieces alone (the others are keys and values), and what follows has no others.
    n_led (int): Blocks whose segment-wise part was run before.
    n_frozen (int): Blocks that run without gradient.
    recompute (bool): Whether to compute the activations of a block again in the backward pass, and keep none.
    YIELDS (Tensor): (n_pieces, hidden_size), the output of each block; (n_segments, hidden_size) of the last ones.
    """
    last = last_segment_wise(layers)
    for number, layer in enumerate(layers):
        led = number < n_led
        narrows = segments_only and number == last and not led
        with torch.no_grad() if number < n_frozen else nullcontext():
            if recompute and torch.is_grad_enabled():
                hidden = checkpoint(layer, hidden, plan, narrows, led, use_reentrant=False)
            else:
                hidden = layer(hidden, plan, narrows, led)
        if narrows:
            plan = plan.of_segments()
        yield hidden


class Stages:
    """An encoder, cut before its first cross-segment attention or earlier.

    layers (Sequence[HATLayer]): The blocks.
    embed (Callable[[PackedInputs], Tensor]): What the lowest of them reads, (n_pieces, hidden_size).
    finish (Callable[[Tensor], Tensor]): What becomes of the rows that the highest of them gave, in the end.
    segments_only (bool): Whether only segment vectors are wanted in the end.
    n_led (int): Blocks whose segment-wise part is in the first stage, `n_leading` at most.
    n_frozen (int): Blocks that run without gradient.
    recompute (bool): Whether to keep no more than a block's activations for the gradient.
    max_batch_pieces (int | None): Pieces that go through a segment-wise block at once; None: all.
    """

    def __init__(
        self,
        layers: Sequence[HATLayer],
        embed: Callable[[PackedInputs], Tensor],
        finish: Callable[[Tensor], Tensor],
        *,
        segments_only: bool,
        n_led: int,
        n_frozen: int = 0,
        recompute: bool = False,
        max_batch_pieces: int | None = None,
    ) -> None:
        self.layers = layers
        self.embed = embed
        self.finish = finish
        self.segments_only = segments_only
        self.n_led = n_led
        self.max_batch_pieces = max_batch_pieces
        self.passes_pieces = not segments_only or last_segment_wise(layers) >= n_led
        """Whether the first stage hands on all pieces, rather than segment vectors alone."""
        self._options: dict[str, Any] = {"segments_only": segments_only, "n_frozen": n_frozen, "recompute": recompute}

    def encode(self, inputs: PackedInputs, embedded: Tensor | None = None) -> Tensor:
        """Run all blocks, whole, in a form that gradients can pass.

        inputs (PackedInputs): The segments, and the windows that they stand in.
        embedded (Tensor | None): (n_pieces, hidden_size), made by `embed`; None: make it.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size) if segments_only.
        """
        hidden = self.embed(inputs) if embedded is None else embedded
        plan = inputs.plan(hidden.device, self.max_batch_pieces)
        if self.segments_only and last_segment_wise(self.layers) < 0:
            hidden, plan = hidden.index_select(0, plan.cross_rows), plan.of_segments()
        return self._last(hidden, plan, n_led=0)

    def encode_segments(self, inputs: PackedInputs) -> Tensor:
        """The first stage, a few segments at a time.

        inputs (PackedInputs): The segments. Their windows are not read.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size) if not passes_pieces.
        """
        ends = inputs.segment_lengths.cumsum()
        parts = []
        for start, stop in runs_within(inputs.segment_lengths, self.max_batch_pieces):
            lengths = inputs.segment_lengths[start:stop]
            pieces = inputs.piece_ids[ends[start] - lengths[0] : ends[stop - 1]]
            parts.append(self._first_stage(PackedInputs(pieces, lengths, lengths[:0], lengths[:0])))
        if len(parts) == 1:
            return parts[0]
        return torch.cat(parts) if parts else self.embed(inputs)

    def encode_once(
        self, inputs: PackedInputs, repeats: Repeats | None, cache: SegmentCache | None, state: Any
    ) -> Tensor:
        """The first stage, once for each distinct segment, or not at all.

        inputs (PackedInputs): The segments. Their windows are not read.
        repeats (Repeats | None): Which of them are the same; None: none are.
        cache (SegmentCache | None): Remembers segments of other batches.
        state (Any): Changes when what this stage makes of a segment does.
        RETURNS (Tensor): As `encode_segments`.
        """
        distinct = inputs if repeats is None else repeats.distinct
        if cache is None:
            rows = self.encode_segments(distinct)
        else:
            rows = cache.encode(distinct, self.encode_segments, not self.passes_pieces, state)
        if repeats is None:
            return rows
        places = repeats.rows if self.passes_pieces else repeats.segments
        return rows.index_select(0, torch.from_numpy(places).to(rows.device))

    def encode_documents(self, hidden: Tensor, inputs: PackedInputs) -> Tensor:
        """The second stage.

        hidden (Tensor): (n_rows, hidden_size), rows of `encode_segments`, one for each that inputs has.
        inputs (PackedInputs): The segments, and the windows that they stand in.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size) if segments_only.
        """
        if self.passes_pieces:
            plan = inputs.plan(hidden.device, self.max_batch_pieces)
        else:
            plan = inputs.plan_of_segments(hidden.device)
        return self._last(hidden, plan, n_led=self.n_led)

    def _first_stage(self, inputs: PackedInputs) -> Tensor:
        hidden = self.embed(inputs)
        plan = inputs.plan(hidden.device, self.max_batch_pieces)
        last = last_segment_wise(self.layers)
        for number, layer in enumerate(self.layers[: self.n_led]):
            hidden = layer.segment_wise(hidden, plan, self.segments_only and number == last)
        if not self.passes_pieces and last < 0:  # there is no segment-wise block at all
            return hidden.index_select(0, plan.cross_rows)
        return hidden

    def _last(self, hidden: Tensor, plan: EncoderPlan, n_led: int) -> Tensor:
        # Only the last block's output; a list would keep all of them.
        rows = deque(run_blocks(self.layers, hidden, plan, n_led=n_led, **self._options), maxlen=1).pop()
        return self.finish(rows)
