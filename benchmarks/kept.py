"""What training keeps for the backward pass, in bytes: exact, and the same on every machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.resident import MB
from spacy_hat.modeling import HATModel, PackedInputs


@dataclass
class Kept:
    """One setting of training.

    name (str): The setting.
    n_bytes (int): Kept activations; weights do not count.
    expected_bytes (int): What the setting should keep.
    difference (float): The largest difference of a gradient from that without the setting, relative to the largest
        gradient. What is frozen has none, and the table of document positions, which all blocks share, is left out.
    """

    name: str
    n_bytes: int
    expected_bytes: int
    difference: float

    def row(self, everything: "Kept") -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The columns of its row in a table."""
        sizes = (self.n_bytes / MB, self.n_bytes / everything.n_bytes, self.expected_bytes / everything.n_bytes)
        return self.name, f"{sizes[0]:.1f}", f"{sizes[1]:.1%}", f"{sizes[2]:.1%}", f"{self.difference:.0e}"


def make_inputs(config: Any, n_segments: int) -> PackedInputs:
    """RETURNS (PackedInputs): One document of full segments of random pieces."""
    lengths = np.full(n_segments, config.segment_length)
    pieces = np.random.default_rng(0).integers(5, config.vocab_size, size=lengths.sum())
    return PackedInputs(pieces, lengths, np.array([n_segments]), np.arange(n_segments))


def train_once(model: HATModel, inputs: PackedInputs) -> tuple[int, dict[str, Tensor]]:
    """Go forward and back once.

    model (HATModel): The encoder.
    inputs (PackedInputs): The batch.
    RETURNS (tuple[int, dict[str, Tensor]]): Bytes kept in between, and the gradient of each parameter that has one.
    """
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    def keep_input(_module: Any, inputs: tuple) -> None:
        # Gradient checkpointing holds on to a block's input by itself, where the hooks of autograd do not see it.
        if torch.is_grad_enabled():
            keep(inputs[0])

    handles = [layer.register_forward_pre_hook(keep_input) for layer in model.encoder.layers()]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = model.train().forward_packed(inputs)
    for handle in handles:
        handle.remove()
    n_bytes = sum(kept.values())
    output.backward(torch.randn(output.shape, generator=torch.Generator().manual_seed(0)))
    return n_bytes, {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def measure_kept(hat: Path, n_segments: int) -> list[Kept]:
    """Train on one document with and without each setting that saves memory.

    hat (Path): Folder of the encoder.
    n_segments (int): Full segments of the document.
    RETURNS (list[Kept]): First without any.
    """
    config = HATModel.config_class.from_pretrained(hat)
    inputs = make_inputs(config, n_segments)
    everything, expected = train_once(load(hat), inputs)
    found = [Kept("none", everything, everything, 0.0)]
    n_blocks = config.num_hidden_layers
    input_bytes = len(inputs.piece_ids) * config.hidden_size * 4
    for frozen in (0, 1, n_blocks // 2, n_blocks - 1):
        for checkpointing in (False, True):
            if not frozen and not checkpointing:
                continue
            settings = {"frozen_blocks": frozen, "activation_checkpointing": checkpointing}
            n_bytes, gradients = train_once(load(hat, **settings), inputs)
            # Blocks are alike, but for the cross-segment parts, which are small; frozen ones keep nothing. With
            # checkpointing, a block keeps its input only.
            above = n_blocks - frozen
            should_keep = above * input_bytes if checkpointing else everything * above // n_blocks
            name = ", ".join(f"{key} = {str(value).lower()}" for key, value in settings.items() if value)
            found.append(Kept(name, n_bytes, should_keep, largest_difference(gradients, expected)))
    return found


def load(hat: Path, **settings: Any) -> HATModel:
    """RETURNS (HATModel): The encoder, without dropout, so that gradients can be compared."""
    return HATModel.from_pretrained(hat, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **settings)


def largest_difference(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """RETURNS (float): Of the gradients that were found, relative to the largest number in any of them."""
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    # Document positions are one table for all blocks: frozen ones do not add to its gradient.
    own = {name: gradient for name, gradient in found.items() if ".position_embeddings." not in name}
    return max(float((gradient - expected[name]).abs().max()) for name, gradient in own.items()) / largest
