"""Ways to spoil weights: their numbers, shapes, names and headers, and files that would run code."""

import io
import json
import math
import os
import pickle
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import torch

from .case import Sandbox, pick

NAN, INF = math.nan, math.inf


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, canary: Any):
        self.canary = str(canary)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.canary,)


def spoil_weights(random: Random, weights: dict[str, Any], *, as_bin: bool) -> tuple[dict[Any, Any], str, str]:
    """RETURNS (tuple): The weights with one spoiled, what was done, and why it must fail, if so."""
    name = pick(random, [name for name, weight in weights.items() if weight.numel() > 1])
    weight = weights[name]
    ways: dict[str, Callable[[], dict[Any, Any]]] = {
        **{
            f"as {kind}": lambda kind=kind: {**weights, name: weight.to(getattr(torch, kind))}
            for kind in ("int8", "int64", "uint8", "bool", "float8_e4m3fn", "float8_e5m2")
        },
        **{
            f"with one {value}": lambda value=value: {**weights, name: _with_one(random, weight, value)}
            for value in (NAN, INF, -INF)
        },
        "all NaN": lambda: {**weights, name: torch.full_like(weight, NAN)},
        "of a row more": lambda: {**weights, name: torch.cat([weight, weight[:1]])},
        "of a row less": lambda: {**weights, name: weight[:-1].clone()},
        "flat": lambda: {**weights, name: weight.flatten() if weight.dim() > 1 else weight[None].clone()},
        "empty": lambda: {**weights, name: torch.zeros(0)},
        "a number": lambda: {**weights, name: torch.zeros(())},
        "gone": lambda: {other: w for other, w in weights.items() if other != name},
        "renamed": lambda: {f"{other}.x" if other == name else other: w for other, w in weights.items()},
        "beside another one": lambda: {**weights, "evil.weight": torch.zeros(3)},
        "finite in float64 only": lambda: {**weights, name: _with_one(random, weight.double(), 1e300)},
    }
    if weight.dim() == 2 and weight.shape[0] != weight.shape[1]:
        ways["transposed"] = lambda: {**weights, name: weight.t().contiguous()}
    if as_bin:
        ways |= {
            "complex": lambda: {**weights, name: weight.to(torch.complex64)},
            "sparse": lambda: {**weights, name: weight.to_sparse()},
            "on the meta device": lambda: {**weights, name: weight.to("meta")},
            "under a number": lambda: {**weights, 5: weight},
            "in a dict of its own": lambda: {**weights, name: {"weight": weight}},
            "a list": lambda: {**weights, name: weight.tolist()},
            "huge and of one number": lambda: {**weights, name: torch.zeros(1).expand(10**10)},
        }
    what = pick(random, ways)
    return ways[what](), f"weights: {name} {what}", f"{name} {what}"


def _with_one(random: Random, weight: Any, value: float) -> Any:
    changed = weight.clone()
    changed.view(-1)[random.randrange(changed.numel())] = value
    return changed


def spoil_header(random: Random, data: bytes) -> tuple[bytes, str]:
    """RETURNS (tuple[bytes, str]): safetensors with a header that lies, and how."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    name = pick(random, [name for name in header if name != "__metadata__"])
    entry, begin = header[name], header[name]["data_offsets"][0]
    ways: dict[str, Callable[[], Any]] = {
        "an offset beyond the file": lambda: entry.update(data_offsets=[begin, 10**12]),
        "offsets that go back": lambda: entry.update(data_offsets=[begin + 8, begin]),
        "an offset below 0": lambda: entry.update(data_offsets=[-8, 8]),
        "another type": lambda: entry.update(dtype=pick(random, ["I8", "BOOL", "F8_E4M3", "I64", "X", "", "C64", 5])),
        "a huge shape": lambda: entry.update(shape=[10**9, 10**9]),
        "a shape below 0": lambda: entry.update(shape=[-1, -32]),
        "a shape of text": lambda: entry.update(shape="x"),
        "no shape": lambda: entry.pop("shape"),
        "another name": lambda: header.update({"\n[/x]\x1b]0;x\x07": header.pop(name)}),
        "an empty tensor more": lambda: header.update({"evil": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}),
        "names that overlap": lambda: entry.update(data_offsets=[0, entry["data_offsets"][1] - begin]),
    }
    what = pick(random, [*ways, "a header without end", "a header longer than the file", "no header", "a header of 8"])
    rest = data[8 + length :]
    if what in ways:
        ways[what]()
        written = json.dumps(header).encode()
        return struct.pack("<Q", len(written)) + written + rest, f"weights: {what} for {name}"
    lengths = {"a header without end": 2**63, "a header longer than the file": len(data), "no header": 0}
    return struct.pack("<Q", lengths.get(what, 8)) + data[8:], f"weights: {what}"


def evil_bin(random: Random, weights: dict[str, Any], sandbox: Sandbox) -> tuple[bytes, str]:
    """RETURNS (tuple[bytes, str]): A .bin file that would run code, and what it is."""
    what = pick(random, ["a pickle", "a zip of torch", "torch's old form", "one among weights", "TorchScript"])
    file = io.BytesIO()
    if what == "a pickle":
        file.write(pickle.dumps(Runs(sandbox.canary)))
    elif what == "TorchScript":
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), file)
    else:
        content: Any = (
            {**weights, "evil": Runs(sandbox.canary)} if what == "one among weights" else Runs(sandbox.canary)
        )
        torch.save(content, file, _use_new_zipfile_serialization=what != "torch's old form")
    return file.getvalue(), f"pytorch_model.bin: {what} with code"
