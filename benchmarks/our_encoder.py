"""HAT's side of the comparison: the encoder as the pipeline runs it."""

from typing import Any

import torch
from sizes import Size
from timing import Work

from spacy_hat.layers.shim import HATShim
from spacy_hat.modeling import HATModel, PackedInputs


def make_shim(size: Size, layout: str, **settings: Any) -> HATShim:
    """RETURNS (HATShim): A HAT of random weights, as a pipeline holds it. Its tokenizer is never asked."""
    shim = HATShim(**settings)
    shim.load(HATModel(size.hat(layout)), tokenizer=None)  # type: ignore[arg-type]
    return shim


def predicting(shim: HATShim, inputs: PackedInputs) -> Work:
    """RETURNS (Work): Encodes a batch; all that a pipeline's `precision` brings with it counts."""
    return lambda: shim.predict(inputs)


def training(size: Size, layout: str, inputs: PackedInputs, precision: str) -> Work:
    """RETURNS (Work): Takes a training step without the optimizer's: forward and backward."""
    shim = make_shim(size, layout, mixed_precision=precision == "bfloat16")
    gradient = torch.randn(len(inputs.piece_ids), size.hidden_size)

    def step() -> None:
        shim.encoder.zero_grad()
        _, backprop = shim.begin_update(inputs)
        backprop(gradient)

    return step
