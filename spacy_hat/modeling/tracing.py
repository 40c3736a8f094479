"""Whether torch is recording what happens, and a plan of padded batches that can be recorded.

`torch.compile`, `torch.export`, `torch.jit.trace` and ONNX write down operations on tensors, for batches whose masks
they have not seen. So nothing may depend on the mask but through tensors: every slot is computed, real or not, in one
bucket, and what padding gave is made zero in the end.
"""

import torch
from torch import Tensor

from .plan import AttentionPlan, Bucket, EncoderPlan, MicroBatch


def is_traced() -> bool:
    """RETURNS (bool): Whether operations are being recorded, rather than only run."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def plan_every_slot(real: Tensor, compute_padding: bool) -> EncoderPlan:
    """Plan a batch of which every slot is computed.

    real (Tensor): (n_docs, n_segments, segment_length) bool, which slots are real.
    compute_padding (bool): Whether padding has to have the published code's numbers.
    RETURNS (EncoderPlan): The plan, for (n_docs * n_segments * segment_length) rows. On real slots it gives what the
        plan of real slots alone gives.
    """
    has_first = real[:, :, 0]
    segments = _plan_equal_groups(real.flatten(0, 1), compute_padding)
    places = torch.arange(1, has_first.shape[1] + 1, device=real.device)
    return EncoderPlan(
        micro_batches=(MicroBatch(slice(None), segments),),
        cross_rows=segments.first_rows,
        cross_positions=(places * has_first).flatten(),
        windows=_plan_equal_groups(has_first, compute_padding),
    )


def _plan_equal_groups(is_key: Tensor, gated: bool) -> AttentionPlan:
    """Attention inside groups of one length: (n_groups, width) bool, which rows may be attended to."""
    n_groups, width = is_key.shape
    has_key = is_key.any(dim=1, keepdim=True)
    # A group without any is padding: it attends to all of its rows, so that its numbers are finite.
    keys = is_key | ~has_key
    query_gate = has_key.expand(-1, width).reshape(-1, 1).to(torch.float32) if gated else None
    groups = torch.arange(n_groups, device=is_key.device)
    bucket = Bucket(n_groups, width, None, keys[:, None, None], groups)
    places = torch.arange(width, device=is_key.device).repeat(n_groups)
    return AttentionPlan((bucket,), None, query_gate, groups * width, places)
