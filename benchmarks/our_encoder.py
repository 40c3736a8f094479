"""HAT's side of the comparison: the encoder as the pipeline runs it."""

from typing import Any

import torch

from benchmarks.sizes import Size
from benchmarks.timing import Work
from spacy_hat.layers.shim import HATShim
from spacy_hat.modeling import HATModel, PackedInputs


def make_shim(size: Size, layout: str, **settings: Any) -> HATShim:
    """RETURNS (HATShim): A HAT of random weights, with settings of HATModel.v1 and `frozen_blocks`; its tokenizer is
    never asked."""
    config = size.hat(layout)
    config.frozen_blocks = settings.pop("frozen_blocks", 0)
    shim = HATShim(**settings)
    shim.load(HATModel(config), tokenizer=None)
    return shim


def predicting(shim: HATShim, inputs: PackedInputs) -> Work:
    """RETURNS (Work): Encodes a batch; all that a pipeline's `precision` brings with it counts."""
    return lambda: shim.predict(inputs)


def training(size: Size, layout: str, inputs: PackedInputs, precision: str, **settings: Any) -> Work:
    """RETURNS (Work): Takes a training step without the optimizer's: forward and backward."""
    shim = make_shim(size, layout, mixed_precision=precision == "bfloat16", **settings)

    def step() -> None:
        shim.encoder.zero_grad()
        output, backprop = shim.begin_update(inputs)
        backprop(torch.ones_like(output))

    return step
