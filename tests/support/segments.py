"""Segments that repeat, packed, and what of them a model encodes."""

import numpy as np

from spacy_hat.modeling import HATModel, PackedInputs

A, B, C, D = [4, 7, 9], [4, 9, 7], [4, 7, 9, 11, 13], [4]


def pack(*windows: list[list[int]]) -> PackedInputs:
    """Windows of segments of pieces."""
    flat = [segment for window in windows for segment in window]
    return PackedInputs(
        piece_ids=np.array([piece for segment in flat for piece in segment], dtype=np.int64),
        segment_lengths=np.array([len(segment) for segment in flat], dtype=np.int64),
        window_lengths=np.array([len(window) for window in windows], dtype=np.int64),
        segment_positions=np.array([n for window in windows for n in range(len(window))], dtype=np.int64),
    )


REPEATED = pack([A, B, A, C], [C, D, A], [A])
DISTINCT = pack([A, B, C], [D])


def block_inputs(model: HATModel) -> list[int]:
    """RETURNS (list[int]): A list that fills with the number of pieces that the first segment-wise part gets."""
    sizes: list[int] = []
    block = next(layer.sentence_encoder for layer in model.encoder.layers() if layer.sentence_encoder is not None)
    block.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
    return sizes
