"""Encoders on a device, random weights, each made when it is first asked for; and what they read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

from benchmarks import peers
from benchmarks.sizes import ADHOC, BASE, PAD, QUICK, Ints, Size, pad, random_pieces, sentence_lengths
from spacy_hat.layers.shim import HATShim
from spacy_hat.modeling import HATConfig, HATModel, PackedInputs, RotaryHATConfig, attention
from spacy_hat.modeling.repeats import pick_segments

# As `spacy hat init-config --gpu` writes it.
MAX_BATCH_PIECES = 32_768
# ModernBERT-base has 22 blocks; ours of its kind has as many that are segment-wise, and lets segments attend after each
# third.
ROTARY_LAYOUT = "|".join(["S", "S", "SD"] * 7 + ["S"])


@dataclass(frozen=True)
class Setting:
    """What is measured, and where.

    size (Size): Of the encoders, and of the document that Longformer can read: 4,096 pieces.
    device (torch.device): Where.
    n_docs (int): So many of these documents are the large batch, and as many of them in one the large document.
    """

    size: Size
    device: torch.device
    n_docs: int

    @classmethod
    def of(cls, device: str, quick: bool) -> "Setting":
        return cls(QUICK, torch.device(device), 4) if quick else cls(BASE, torch.device(device), 16)

    def times(self, factor: int) -> Size:
        """RETURNS (Size): The same encoders, and a document so many times as long."""
        return replace(self.size, n_segments=factor * self.size.n_segments)

    @property
    def hub_layout(self) -> str:
        """RETURNS (str): That of the model on the hub."""
        return ADHOC if self.size == BASE else "S|SD"

    @property
    def rotary_layout(self) -> str:
        """RETURNS (str): Of our encoder of ModernBERT's blocks."""
        return ROTARY_LAYOUT if self.size == BASE else "S|SD"


class Encoders:
    """The encoders of a setting, in float32, on its device.

    setting (Setting): Which, and where.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.largest = setting.times(setting.n_docs)

    def models(self) -> list[nn.Module]:
        """RETURNS (list[nn.Module]): Those that were made."""
        return [made for made in vars(self).values() if isinstance(made, nn.Module)]

    def _make(self, build: Callable[[], Any]) -> Any:
        with self.setting.device:
            return build()

    def hat_config(self, layout: str, **settings: Any) -> HATConfig:
        """RETURNS (HATConfig): Ours, with room for the large document."""
        config = self.largest.hat(layout)
        for name, value in settings.items():
            setattr(config, name, value)
        return config

    @cached_property
    def segment_wise(self) -> HATModel:
        """RETURNS (HATModel): As many blocks as RoBERTa, segment by segment."""
        return self._make(lambda: HATModel(self.hat_config(self.largest.segment_wise())))

    @cached_property
    def undropped(self) -> HATModel:
        """RETURNS (HATModel): The same, without dropout among attention weights."""
        config = self.hat_config(self.largest.segment_wise(), attention_probs_dropout_prob=0.0)
        return self._make(lambda: HATModel(config))

    @cached_property
    def hub(self) -> HATModel:
        """RETURNS (HATModel): Of the layout of the hub, without dropout among attention weights."""
        return self._make(lambda: HATModel(self.hat_config(self.setting.hub_layout, attention_probs_dropout_prob=0.0)))

    @cached_property
    def recomputing(self) -> HATModel:
        """RETURNS (HATModel): The same, which computes the activations of a block again in the backward pass."""
        settings = {"attention_probs_dropout_prob": 0.0, "activation_checkpointing": True}
        return self._make(lambda: HATModel(self.hat_config(self.setting.hub_layout, **settings)))

    @cached_property
    def rotary(self) -> HATModel:
        """RETURNS (HATModel): Ours of ModernBERT's blocks."""
        size = self.setting.size
        config = RotaryHATConfig(
            vocab_size=size.vocab_size,
            hidden_size=size.hidden_size,
            num_attention_heads=size.n_heads,
            intermediate_size=size.hidden_size * 3 // 2,
            layout=self.setting.rotary_layout,
            segment_length=size.segment_length,
            pad_token_id=PAD,
        )
        return self._make(lambda: HATModel(config))

    @cached_property
    def roberta(self) -> nn.Module:
        return self._make(lambda: peers.roberta(self.setting.size))

    @cached_property
    def roberta_undropped(self) -> nn.Module:
        return self._make(lambda: peers.roberta(self.setting.size, attention_probs_dropout_prob=0.0))

    @cached_property
    def longformer(self) -> nn.Module:
        return self._make(lambda: peers.longformer(self.setting.size))

    @cached_property
    def modern_bert(self) -> nn.Module:
        return self._make(lambda: peers.modern_bert(self.largest))

    @cached_property
    def modern_bert_flash(self) -> nn.Module:
        """RETURNS (nn.Module): With the kernel of the package flash-attn."""
        return self._make(lambda: peers.modern_bert(self.largest, "flash_attention_2"))

    def shim(self, model: HATModel, **settings: Any) -> HATShim:
        """RETURNS (HATShim): What runs one of ours in a pipeline, on the device."""
        return shim_on(self.setting.device, model, **settings)


def shim_on(device: torch.device, model: HATModel, **settings: Any) -> HATShim:
    """RETURNS (HATShim): The same on any device, without CuPy, by which thinc knows of a GPU. The tokenizer is not
    asked."""
    shim = HATShim(**{"max_batch_pieces": MAX_BATCH_PIECES, **settings})
    with patch("spacy_hat.layers.shim.get_torch_default_device", lambda: device):
        shim.load(model, tokenizer=None)
    return shim


@contextmanager
def in_buckets(wanted: bool) -> Iterator[None]:
    """Do without attention of any lengths in one call, where wanted: segments of like length are taken together."""
    if not wanted:
        yield
        return
    with patch.object(attention, "takes_varlen", lambda *_: False):
        yield


# --- what is read


def documents(size: Size, n_docs: int, lengths: Ints) -> PackedInputs:
    """RETURNS (PackedInputs): So many documents of equally many segments of random pieces."""
    one = random_pieces(size, lengths)
    each = len(lengths) // n_docs
    windows, places = np.full(n_docs, each), np.tile(np.arange(each), n_docs)
    return PackedInputs(one.piece_ids, lengths, windows, places)


def full_documents(setting: Setting, n_docs: int) -> PackedInputs:
    """RETURNS (PackedInputs): Documents of full segments."""
    size = setting.size
    return documents(size, n_docs, np.full(n_docs * size.n_segments, size.segment_length))


def sentences(setting: Setting, n_segments: int) -> PackedInputs:
    """RETURNS (PackedInputs): Ordinary sentences, one a segment, in documents of as many as the small one has."""
    size = replace(setting.size, n_segments=n_segments)
    return documents(size, n_segments // setting.size.n_segments, sentence_lengths(size))


def long_document(setting: Setting, factor: int) -> PackedInputs:
    """RETURNS (PackedInputs): One document of full segments, so many times as long as the small one."""
    return documents(setting.size, 1, np.full(factor * setting.size.n_segments, setting.size.segment_length))


def padded_batches(inputs: PackedInputs, setting: Setting, batch_size: int) -> list[peers.Batch]:
    """RETURNS (list[Batch]): Segments as they come, all padded to the same length."""
    return _batches(inputs, np.arange(len(inputs.segment_lengths)), batch_size, setting, setting.size.segment_length)


def sorted_batches(inputs: PackedInputs, setting: Setting, batch_size: int) -> list[peers.Batch]:
    """RETURNS (list[Batch]): Segments from the longest to the shortest, each batch as wide as its longest."""
    return _batches(inputs, np.argsort(-inputs.segment_lengths, kind="stable"), batch_size, setting, None)


def whole_batches(inputs: PackedInputs, setting: Setting, batch_size: int) -> list[peers.Batch]:
    """RETURNS (list[Batch]): Documents of equal length, whole."""
    ids = torch.from_numpy(inputs.piece_ids.reshape(len(inputs.window_lengths), -1)).to(setting.device)
    return [peers.Batch(part, torch.ones_like(part)) for part in ids.split(batch_size)]


def _batches(
    inputs: PackedInputs, order: Ints, batch_size: int, setting: Setting, width: int | None
) -> list[peers.Batch]:
    found = []
    for start in range(0, len(order), batch_size):
        part = pick_segments(inputs, order[start : start + batch_size])
        ids, mask = pad(part, width or int(part.segment_lengths.max()))
        found.append(peers.Batch.of(ids, mask).to(setting.device))
    return found
