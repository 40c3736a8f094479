"""The encoders that HAT is compared with: transformers' own, random weights, each in its best form."""

from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn

from benchmarks.sizes import FIRST_WORD, Ints, Size
from benchmarks.timing import Work, seconds_of

# A slice of this part of the rows, or of the pieces, is enough to tell which of two ways is faster.
TRIAL = 4


@dataclass(frozen=True)
class Batch:
    """Padded input.

    ids (Tensor): (n_rows, width) pieces.
    mask (Tensor): (n_rows, width) 1 where there is one.
    """

    ids: Tensor
    mask: Tensor

    @classmethod
    def of(cls, ids: Ints, mask: Ints) -> "Batch":
        return cls(torch.from_numpy(ids), torch.from_numpy(mask))

    def to(self, device: torch.device) -> "Batch":
        """RETURNS (Batch): The same on a device."""
        return Batch(self.ids.to(device), self.mask.to(device))

    def small(self) -> "Batch":
        """RETURNS (Batch): Some of its rows, or of its pieces if it is one row."""
        rows, width = self.ids.shape
        if rows == 1:
            return Batch(self.ids[:, : width // TRIAL], self.mask[:, : width // TRIAL])
        return Batch(self.ids[: max(1, rows // TRIAL)], self.mask[: max(1, rows // TRIAL)])


def roberta(size: Size, **settings: Any) -> nn.Module:
    """RETURNS (nn.Module): RoBERTa, with torch's fused attention, and settings of its configuration."""
    config = transformers.RobertaConfig(
        **size.shared(),
        num_hidden_layers=size.n_layers,
        max_position_embeddings=size.segment_length + 2,
        type_vocab_size=1,
        attn_implementation="sdpa",
        **settings,
    )
    return transformers.RobertaModel(config, add_pooling_layer=False)


def longformer(size: Size) -> nn.Module:
    """RETURNS (nn.Module): Longformer."""
    config = transformers.LongformerConfig(
        **size.shared(),
        num_hidden_layers=size.n_layers,
        max_position_embeddings=size.n_pieces + 2,
        attention_window=size.attention_window,
        pad_token_id=1,
        type_vocab_size=1,
    )
    return transformers.LongformerModel(config, add_pooling_layer=False)


def big_bird(size: Size) -> nn.Module:
    """RETURNS (nn.Module): BigBird with its own sparse attention: blocks of 64, three random ones."""
    config = transformers.BigBirdConfig(
        **size.shared(),
        num_hidden_layers=size.n_layers,
        max_position_embeddings=size.n_pieces,
        attention_type="block_sparse",
        block_size=max(1, size.n_pieces // 64),
    )
    return transformers.BigBirdModel(config, add_pooling_layer=False)


def modern_bert(size: Size, attention: str = "sdpa") -> nn.Module:
    """RETURNS (nn.Module): ModernBERT as published at base size (22 narrower blocks); else, of the size asked."""
    sizes = {} if size.hidden_size == 768 else {**size.shared(), "num_hidden_layers": size.n_layers}
    config = transformers.ModernBertConfig(
        **sizes,
        max_position_embeddings=size.n_pieces,
        pad_token_id=1,
        reference_compile=False,
        attn_implementation=attention,
    )
    return transformers.ModernBertModel(config)


def whole_document(size: Size) -> Batch:
    """RETURNS (Batch): The full document as one row."""
    ids = np.random.default_rng(0).integers(FIRST_WORD, size.vocab_size, size=(1, size.n_pieces))
    return Batch.of(ids, np.ones_like(ids))


def strided_windows(size: Size) -> Batch:
    """RETURNS (Batch): The full document in windows of a segment's length that overlap by a quarter, as 128 / 96."""
    stride = size.segment_length * 3 // 4
    starts = np.arange(0, size.n_pieces - size.segment_length + stride, stride)
    places = starts[:, None] + np.arange(size.segment_length)
    ids = whole_document(size).ids[0].numpy()[np.minimum(places, size.n_pieces - 1)]
    return Batch.of(np.where(places < size.n_pieces, ids, 1), (places < size.n_pieces).astype(np.int64))


# Encoders for whole documents, and what they read of the full one.
LONG_DOCUMENT: dict[str, tuple[Callable[[Size], nn.Module], Callable[[Size], Batch]]] = {
    "Longformer": (longformer, whole_document),
    "BigBird": (big_bird, whole_document),
    "ModernBERT": (modern_bert, whole_document),
    "RoBERTa, windows 128 / 96": (roberta, strided_windows),
}


def encode(model: nn.Module, batch: Batch, autocast: bool = False) -> Tensor:
    """RETURNS (Tensor): (n_rows, width, hidden_size), without gradient."""
    options: dict[str, Any] = {}
    if isinstance(model, transformers.LongformerModel):
        # The first piece sees everything, as for classification.
        first = torch.arange(batch.ids.shape[1], device=batch.ids.device) == 0
        options["global_attention_mask"] = first.long().expand_as(batch.ids)
    with torch.no_grad(), torch.autocast(batch.ids.device.type, torch.bfloat16) if autocast else nullcontext():
        return model(input_ids=batch.ids, attention_mask=batch.mask, **options).last_hidden_state


def in_precision(model: nn.Module, trial: Batch, precision: str) -> Callable[[Batch], Tensor]:
    """The fastest way to encode batches.

    model (nn.Module): In float32.
    trial (Batch): What to find that out with.
    precision (str): Float32; or bfloat16, which is weights in it or autocast, whichever takes less time.
    RETURNS (Callable[[Batch], Tensor]): Encodes a batch.
    """
    model = model.eval()
    if precision == "float32":
        return partial(encode, model)
    cast = deepcopy(model).to(torch.bfloat16)
    ways = [(cast, False), (model, True)]
    for way, autocast in ways:
        encode(way, trial, autocast)
    seconds = [seconds_of(partial(encode, way, trial, autocast)) for way, autocast in ways]
    chosen, autocast = ways[int(np.argmin(seconds))]
    return partial(encode, chosen, autocast=autocast)


def predicting(model: nn.Module, batch: Batch, precision: str) -> Work:
    """RETURNS (Work): Encodes a batch in the fastest way, which a part of it finds."""
    return partial(in_precision(model, batch.small(), precision), batch)


def training(model: nn.Module, batch: Batch, precision: str) -> Work:
    """A training step without the optimizer's: forward, and backward from a gradient on the real pieces.

    model (nn.Module): In float32, with its dropouts.
    batch (Batch): What to train on.
    precision (str): Float32; or bfloat16, by autocast.
    RETURNS (Work): Takes the step.
    """
    model = model.train()
    config: Any = model.config
    gradient = torch.randn(*batch.ids.shape, config.hidden_size) * batch.mask[:, :, None]

    def step() -> None:
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else nullcontext():
            output = model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        output.backward(gradient.to(output.dtype))

    return step
