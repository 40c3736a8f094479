"""Let cross-segment blocks begin as (nearly) the identity."""

import torch

from ..model import HATModel
from ..packed_inputs import PackedInputs

# Enough vectors for a mean and a deviation over all features; more change nothing.
CALIBRATION_SEGMENTS = 64
CALIBRATION_LENGTH = 24


def start_as_identity(model: HATModel, classifier_id: int, seed: int) -> list[str]:
    """Make every cross-segment block pass its input through, and still learn.

    Both output projections become zero, so that a half adds nothing. A block that normalises before its halves is the
    identity then. Of one that normalises after them, the layer norm remains, which takes the mean and the deviation
    away from every vector; scale and shift are set to give back those that the vectors have on average. They are
    measured on segments of random pieces, block after block.
    Queries, keys, values and the first feed-forward projection stay as they are, so that gradients reach the zeros.

    model (HATModel): Changed in place.
    classifier_id (int): Id of the piece that opens a segment.
    seed (int): For the random pieces.
    RETURNS (list[str]): What was changed, for a report.
    """
    device = model.device
    inputs = _random_segments(model, classifier_id, seed)
    plan = inputs.plan(device, None)
    pieces = torch.from_numpy(inputs.piece_ids).to(device)
    offsets = torch.from_numpy(inputs.offsets()).to(device)
    hidden = model.embeddings(pieces, offsets + model.config.pad_token_id + 1, torch.zeros_like(pieces))
    changed = []
    for number, layer in enumerate(model.encoder.layers()):
        hidden = layer.segment_wise(hidden, plan)
        if layer.document_encoder is not None:
            what = layer.document_encoder.pass_through(layer.cross_segment_input(hidden, plan))
            changed.append(f"encoder.layer.{number}.document_encoder: {what}")
        hidden = layer.cross_segment(hidden, plan)
    return changed


def _random_segments(model: HATModel, classifier_id: int, seed: int) -> PackedInputs:
    config = model.config
    length = min(CALIBRATION_LENGTH, config.segment_length)
    n_segments = min(CALIBRATION_SEGMENTS, config.max_segments or CALIBRATION_SEGMENTS)
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(config.vocab_size, (n_segments, length), generator=generator)
    ids[:, 0] = classifier_id
    return PackedInputs(
        piece_ids=ids.flatten().numpy(),
        segment_lengths=torch.full((n_segments,), length).numpy(),
        window_lengths=torch.tensor([n_segments]).numpy(),
        segment_positions=torch.arange(n_segments).numpy(),
    )
