"""Whether ours says on a device what it says on a CPU: output and gradients, before anything is timed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu_encoders import Encoders, in_buckets, shim_on
from benchmarks.sizes import PAD, random_pieces
from spacy_hat.modeling import HATConfig, HATModel, PackedInputs, RotaryHATConfig, varlen

LAYOUT = "S|SD|D|SD"
BERT, ROTARY = "HAT", "HAT of ModernBERT's blocks"
# The largest deviation of a number around 1, and of gradients: the norm of what is off by the norm of all of them.
# Rounding to bfloat16 is 0.015 on a CPU; attention that weighs all pieces alike is 0.2, that of another segment 1.5.
OUTPUT_TOLERANCE = {"float32": 1e-4, "bfloat16": 0.05}
GRADIENT_TOLERANCE = {"float32": 1e-3, "mixed": 0.03}
WINDOWS = (5, 1, 3, 7, 2)
# (what, kind, output, precision, in buckets)
Case = tuple[str, str, Any, str, bool]
CASES: list[Case] = [
    ("output", BERT, "pieces", "float32", False),
    ("output", BERT, "segments", "float32", False),
    ("output", ROTARY, "pieces", "float32", False),
    ("output", BERT, "pieces", "bfloat16", False),
    ("output", BERT, "segments", "bfloat16", False),
    ("output", BERT, "pieces", "bfloat16", True),
    ("output", ROTARY, "pieces", "bfloat16", False),
    ("output", ROTARY, "segments", "bfloat16", False),
    ("output", ROTARY, "pieces", "bfloat16", True),
    ("gradients", BERT, "pieces", "float32", False),
    ("gradients", BERT, "pieces", "mixed", False),
    ("gradients", BERT, "segments", "mixed", False),
    ("gradients", BERT, "pieces", "mixed", True),
    ("gradients", ROTARY, "pieces", "mixed", False),
]


class Checks:
    """An encoder of either kind on a CPU, in float32, and its copy on the device.

    encoders (Encoders): Of the setting.
    """

    def __init__(self, encoders: Encoders) -> None:
        self.encoders = encoders
        size = encoders.setting.size
        rng = np.random.default_rng(1)
        longest = size.segment_length
        lengths = rng.integers(1, longest + 1, size=sum(WINDOWS))
        lengths[:4] = (1, longest, 2, longest)
        packed = random_pieces(size, lengths)
        places = np.concatenate([np.arange(n) for n in WINDOWS])
        self.inputs = PackedInputs(packed.piece_ids, lengths, np.array(WINDOWS), places)
        shared: dict[str, Any] = {**size.shared(), "layout": LAYOUT, "segment_length": longest}
        none: dict[str, Any] = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        bert = HATConfig(**shared, **none, max_segments=max(WINDOWS), document_position_embeddings=True)
        rotary = RotaryHATConfig(**shared | {"intermediate_size": 2 * size.hidden_size}, pad_token_id=PAD)
        torch.manual_seed(0)
        self.exact = {BERT: HATModel(bert), ROTARY: HATModel(rotary)}
        self.models = {kind: deepcopy(model).to(encoders.setting.device) for kind, model in self.exact.items()}

    def row(self, case: Case) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): A case: how far off it is, what is allowed, and how often varlen was called."""
        what, kind, output, precision, buckets = case
        find = self._output if what == "output" else self._gradients
        tolerance = (OUTPUT_TOLERANCE if what == "output" else GRADIENT_TOLERANCE)[precision]
        exact = find(self.exact[kind], output, "float32", on_cpu=True)
        with in_buckets(buckets), counted_varlen() as calls:
            found = find(self.models[kind], output, precision).cpu()
        difference = found.double() - exact.double()
        off = float(difference.abs().max() if what == "output" else difference.norm() / exact.double().norm())
        return {"deviation": off, "tolerance": tolerance, "ok": off <= tolerance, "varlen_calls": len(calls)}

    def _output(self, model: HATModel, output: Any, precision: Any, on_cpu: bool = False) -> Tensor:
        return self._shim(model, on_cpu, output=output, precision=precision).predict(self.inputs)

    def _gradients(self, model: HATModel, output: Any, precision: str, on_cpu: bool = False) -> Tensor:
        """All of them, one behind the other"""
        shim = self._shim(model, on_cpu, output=output, mixed_precision=precision == "mixed")
        model.zero_grad()
        rows, backprop = shim.begin_update(self.inputs)
        d_rows = torch.randn(rows.shape, generator=torch.Generator().manual_seed(5)) / len(self.inputs.piece_ids)
        backprop(d_rows.to(rows.device))
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        return torch.cat([gradient.flatten().float() for gradient in gradients]).cpu()

    def _shim(self, model: HATModel, on_cpu: bool, **settings: Any) -> Any:
        device = torch.device("cpu") if on_cpu else self.encoders.setting.device
        return shim_on(device, model, **settings)


@contextmanager
def counted_varlen() -> Iterator[list[object]]:
    """YIELDS (list[object]): Fills with a number for each call of attention of any lengths."""
    calls: list[object] = []
    kernel: Callable[..., Any] | None = varlen.varlen_attn
    if kernel is None:
        yield calls
        return

    def counting(*arguments: Any, **options: Any) -> Any:
        calls.append(len(calls))
        return kernel(*arguments, **options)

    with patch.object(varlen, "varlen_attn", counting):
        yield calls
