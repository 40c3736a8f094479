"""An encoder without its cross-segment blocks: what it knows of a segment alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from .model import HATModel


def segment_wise_copy(encoder: HATModel) -> HATModel:
    """Copy an encoder, and leave its cross-segment blocks out.

    encoder (HATModel): The encoder. A HAT that has just been started from an ordinary encoder gives that encoder back.
    RETURNS (HATModel): A copy that does not learn.
    """
    copy = deepcopy(encoder).eval().requires_grad_(False)
    for layer in copy.encoder.layers():
        layer.document_encoder = None
    return copy


@contextmanager
def cross_segment_off(encoder: HATModel) -> Iterator[None]:
    """Switch cross-segment blocks off: they pass on what they get.

    encoder (HATModel): The encoder.
    YIELDS: Nothing.
    """
    layers = encoder.encoder.layers()
    blocks = [layer.document_encoder for layer in layers]
    try:
        for layer in layers:
            layer.document_encoder = None
        yield
    finally:
        for layer, block in zip(layers, blocks, strict=True):
            layer.document_encoder = block
