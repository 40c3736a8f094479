"""The encoder in two stages, so that what the first says of a segment can be used for many documents.

    S | S | SD | S | SD          own segment:  embeddings, S, S, S        the rest:  D, S, S, D
    ------^  ----------

Up to the first cross-segment attention, a segment knows nothing of its document: its vectors are the same in every
document that holds it. Without gradient, unless the caller switches it on.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .hat_layer import HATLayer
from .model import HATModel
from .packed_inputs import PackedInputs
from .plan import EncoderPlan, plan_attention, runs_within


class Step(NamedTuple):
    """One half of a block."""

    layer: HATLayer
    crosses: bool
    """Whether it is the cross-segment half."""


class StagedEncoder:
    """An encoder, cut before its first cross-segment attention.

    model (HATModel): The encoder; its weights are used, and its mode (training or not) left alone.
    segments_only (bool): Whether only segment vectors are wanted in the end. What follows the last segment-wise
        attention then has no other rows.
    max_batch_pieces (int | None): Pieces that go through a segment-wise block at once; None: all.
    """

    def __init__(self, model: HATModel, *, segments_only: bool, max_batch_pieces: int | None = None) -> None:
        steps = list(_steps(model))
        first = next((place for place, step in enumerate(steps) if step.crosses), len(steps))
        self.model = model
        self.max_batch_pieces = max_batch_pieces
        self.of_segment, self.of_document = steps[:first], steps[first:]
        segment_wise = [step for step in steps if not step.crosses]
        self.segments_only = segments_only
        self.last_segment_wise = segment_wise[-1] if segments_only and segment_wise else None
        self.passes_pieces = not segments_only or any(not step.crosses for step in self.of_document)
        """Whether the first stage hands on all pieces, rather than segment vectors alone."""

    def embed(self, inputs: PackedInputs) -> Tensor:
        """RETURNS (Tensor): (n_pieces, hidden_size), what the lowest block reads."""
        return self.model._embed_packed(inputs)

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
            part = PackedInputs(pieces, lengths, lengths[:0], inputs.segment_positions[start:stop])
            plan = part.plan(self.model.device, self.max_batch_pieces)
            parts.append(self._first_stage(self.embed(part), plan))
        nothing = torch.zeros(0, self.model.config.hidden_size, device=self.model.device)
        return torch.cat(parts) if parts else nothing

    def encode_documents(self, hidden: Tensor, inputs: PackedInputs) -> Tensor:
        """The second stage.

        hidden (Tensor): (n_rows, hidden_size), rows of `encode_segments`, one for each that inputs has.
        inputs (PackedInputs): The segments, and the windows that they stand in.
        RETURNS (Tensor): (n_pieces, hidden_size), or (n_segments, hidden_size) if segments_only.
        """
        return self._run(self.of_document, hidden, self._second_plan(inputs))

    def encode(self, embedded: Tensor, inputs: PackedInputs) -> Tensor:
        """Both stages at once, in a form that gradients can pass; no more than a block's activations are kept.

        embedded (Tensor): (n_pieces, hidden_size), made by `embed`.
        inputs (PackedInputs): The segments, and the windows that they stand in.
        RETURNS (Tensor): As `encode_documents`.
        """
        hidden = self._first_stage(embedded, inputs.plan(self.model.device, self.max_batch_pieces))
        return self.encode_documents(hidden, inputs)

    def _first_stage(self, embedded: Tensor, plan: EncoderPlan) -> Tensor:
        hidden = self._run(self.of_segment, embedded, plan)
        if not self.passes_pieces and self.last_segment_wise is None:  # there is no segment-wise block at all
            return hidden.index_select(0, plan.cross_rows)
        return hidden

    def _second_plan(self, inputs: PackedInputs) -> EncoderPlan:
        device = self.model.device
        if self.passes_pieces:
            return inputs.plan(device, self.max_batch_pieces)
        return EncoderPlan(
            micro_batches=(),
            cross_rows=torch.arange(len(inputs.segment_lengths), device=device),
            cross_positions=torch.from_numpy(inputs.segment_positions + 1).to(device),
            windows=plan_attention(inputs.window_lengths, device),
        )

    def _run(self, steps: list[Step], hidden: Tensor, plan: EncoderPlan) -> Tensor:
        for step in steps:
            first_only = step is self.last_segment_wise
            half = step.layer.cross_segment if step.crosses else step.layer.segment_wise
            arguments = (hidden, plan) if step.crosses else (hidden, plan, first_only)
            if torch.is_grad_enabled() and hidden.requires_grad:
                hidden = checkpoint(half, *arguments, use_reentrant=False)
            else:
                hidden = half(*arguments)
            if first_only:
                plan = plan.of_segments()
        return hidden


def _steps(model: HATModel) -> list[Step]:
    """The halves of all blocks, the lowest first."""
    steps = []
    for layer in model.encoder.layers():
        if layer.sentence_encoder is not None:
            steps.append(Step(layer, crosses=False))
        if layer.document_encoder is not None:
            steps.append(Step(layer, crosses=True))
    return steps
