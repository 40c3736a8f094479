"""Pipelines of a stranger: what they store of an encoder, as bytes, as folders, and through the commands."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import spacy
import srsly
import torch
from safetensors.torch import load, save

from spacy_hat.layers.shim import HATShim

from .bench import TEXT, Bench, copy
from .case import SECRET, Case, Sandbox, command, pick
from .spoil import damage, flip, spoil_config, spoil_json
from .spoil_tokenizers import CLASSES, tokenizer_entries, tokenizer_names
from .spoil_weights import Runs, spoil_header, spoil_weights

LARGEST = 1e6
Stored = tuple[bytes, str, str]


def pack(message: Any) -> bytes:
    return srsly.msgpack_dumps(message)


def _config(random: Random, bench: Bench, _: Sandbox) -> Stored:
    if random.random() < 0.15:
        text, what = spoil_json(random, bench.message["config"])
        return pack({**bench.message, "config": text}), f"config: {what}", what
    values, what, must_fail = spoil_config(random, json.loads(bench.message["config"]))
    return pack({**bench.message, "config": json.dumps(values)}), what, must_fail


def _weights(random: Random, bench: Bench, _: Sandbox) -> Stored:
    if random.random() < 0.3:
        data, what = spoil_header(random, bench.message["weights"])
        return pack({**bench.message, "weights": data}), what, what
    weights, what, must_fail = spoil_weights(random, load(bench.message["weights"]), as_bin=False)
    return pack({**bench.message, "weights": save(weights)}), what, must_fail


def _tokenizer_class(random: Random, bench: Bench, sandbox: Sandbox) -> Stored:
    name, files = pick(random, CLASSES), dict(bench.message["tokenizer"])
    if random.random() < 0.5:
        evil = {"auto_map": {"AutoTokenizer": ["evil.T", "evil.T"], "AutoModel": "evil.M", "AutoConfig": "evil.C"}}
        code = f"import os\nos.mkdir({str(sandbox.canary)!r})\nclass T: pass\n".encode()
        files |= {"config.json": json.dumps({"model_type": "evil", **evil}).encode(), "evil.py": code}
    message = {**bench.message, "tokenizer_class": name, "tokenizer": files}
    return pack(message), f"tokenizer_class {name!r}, with {sorted(files)}", f"tokenizer_class {name!r}"


def _tokenizer_name(random: Random, bench: Bench, sandbox: Sandbox) -> Stored:
    name = pick(random, tokenizer_names(sandbox))
    files = {**bench.message["tokenizer"], name: b"# evil"}
    return (
        pack({**bench.message, "tokenizer": files}),
        f"a file called {str(name)[:60]!r}",
        f"a file {str(name)[:60]!r}",
    )


def _tokenizer_file(random: Random, bench: Bench, sandbox: Sandbox) -> Stored:
    files: dict[str, Any] = dict(bench.message["tokenizer"])
    if random.random() < 0.6:
        entries = pick(random, tokenizer_entries(sandbox))
        own = json.loads(files["tokenizer_config.json"])
        files["tokenizer_config.json"] = json.dumps({**own, **entries}).encode()
        return pack({**bench.message, "tokenizer": files}), f"tokenizer_config {entries}", ""
    name = pick(random, files)
    if random.random() < 0.3:
        files[name] = pick(random, ["x", 5, None, [], {}])
        what = f"{name} is {files[name]!r}"
        return pack({**bench.message, "tokenizer": files}), what, what
    files[name], how = damage(random, files[name])
    return pack({**bench.message, "tokenizer": files}), f"{name}: {how}", ""


def _damaged(random: Random, bench: Bench, _: Sandbox) -> Stored:
    data, how = damage(random, pack(bench.message))
    return data, f"msgpack: {how}", ""


def _header_bytes(random: Random, bench: Bench, _: Sandbox) -> Stored:
    """A flip in the header of the weights either is an error, or changes nothing."""
    length = int.from_bytes(bench.message["weights"][:8], "little")
    data = flip(random, bench.message["weights"], random.randint(1, 3), 8 + length)
    return pack({**bench.message, "weights": data}), "weights: bytes of the header", ""


def _other_message(random: Random, bench: Bench, sandbox: Sandbox) -> Stored:
    """A part of another type, left out, or one that readers of msgpack make an object of."""
    part = pick(random, bench.message)
    pickled = np.frombuffer(b"x", "S1").tobytes() + __import__("pickle").dumps(Runs(sandbox.canary))
    ways: dict[str, Callable[[], Any]] = {
        "is gone": lambda: {name: value for name, value in bench.message.items() if name != part},
        "is null": lambda: {**bench.message, part: None},
        "is a number": lambda: {**bench.message, part: 5},
        "is a list": lambda: {**bench.message, part: [bench.message[part]]},
        "is empty": lambda: {**bench.message, part: type(bench.message[part])()},
        "is a number of 64 bits": lambda: {**bench.message, part: 2**63},
        "is an array of objects": lambda: {
            **bench.message,
            part: {b"nd": True, b"type": "|O", b"kind": b"O", b"shape": (1,), b"data": pickled},
        },
        "is an array of 10**12 numbers": lambda: {
            **bench.message,
            part: {b"nd": True, b"type": "<f4", b"kind": b"", b"shape": (10**6, 10**6), b"data": b"1234"},
        },
        "is beside another one": lambda: {**bench.message, "evil": {"code": "import os"}},
        "is all there is": lambda: bench.message[part],
        "is nested": lambda: {**bench.message, part: _nested(60)},
    }
    what = pick(random, ways)
    return pack(ways[what]()), f"{part} {what}", f"{part} {what}"


def _nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


WAYS = (_config, _config, _weights, _weights, _tokenizer_class, _tokenizer_name, _tokenizer_file, _damaged)
WAYS += (_header_bytes, _other_message)


def _shim_is_sound(bench: Bench, shim: Any, *, same: bool) -> str:
    """What is wrong with an encoder that was loaded all the same."""
    if shim._model is None:
        return "nothing was loaded, and nothing said"
    state = shim.encoder.state_dict()
    if bad := [name for name, weight in state.items() if not torch.isfinite(weight).all()]:
        return f"{bad[0]} is not finite"
    if same and any(not torch.equal(weight, state[name]) for name, weight in bench.weights.items()):
        return "other weights than were stored"
    if SECRET in shim.tokenizer.get_vocab():
        return "the tokenizer has read the secret"
    return _probe(bench, shim.encoder, same=same)


def _probe(bench: Bench, encoder: Any, *, same: bool) -> str:
    ids = torch.arange(5, 29)[None]
    with torch.no_grad():
        out = encoder.eval()(input_ids=ids).last_hidden_state
        wanted = bench.encoder(input_ids=ids).last_hidden_state if same else None
    # A byte of an exponent makes a number that is finite, and whose products are not: pipelines look at those.
    largest = max(float(weight.abs().max()) for weight in encoder.state_dict().values())
    if not torch.isfinite(out).all() and largest < LARGEST:
        return "its vectors are not finite"
    return "its vectors are others" if wanted is not None and not torch.allclose(out, wanted, atol=1e-5) else ""


def pipeline_bytes(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through HATShim.from_bytes."""
    make = pick(random, WAYS)
    data, what, must_fail = make(random, bench, sandbox)
    same = make in (_config, _header_bytes, _tokenizer_file, _tokenizer_name)

    def wrong(shim: Any) -> str:
        return _shim_is_sound(bench, shim, same=False) if make is _damaged else _same_weights(bench, shim, same)

    return Case(f"HATShim.from_bytes, {what}", lambda: HATShim().from_bytes(data), must_fail, wrong)


def _same_weights(bench: Bench, shim: Any, same: bool) -> str:
    stored = load(bench.message["weights"])
    if same and any(not torch.equal(stored[name], weight) for name, weight in shim.encoder.state_dict().items()):
        return "other weights than were stored"
    return _shim_is_sound(bench, shim, same=False)


def _spoil_model(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what thinc stores of the component `transformer`."""
    path = folder / "transformer" / "model"
    message = srsly.msgpack_loads(path.read_bytes())
    change(message)
    path.write_bytes(srsly.msgpack_dumps(message))


def pipeline_folder(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through spacy.load, and one document."""
    folder = copy(bench.pipeline, sandbox.work / "pipeline")
    if random.random() < 0.7:
        data, what, must_fail = pick(random, WAYS)(random, bench, sandbox)

        def replace(message: dict[str, Any]) -> None:
            for number, shims in enumerate(message["shims"]):
                message["shims"][number] = [data] * len(shims)

        _spoil_model(folder, replace)
    else:
        path = folder / "transformer" / "model"
        data, how = damage(random, path.read_bytes())
        path.write_bytes(data)
        what, must_fail = f"transformer/model: {how}", ""

    def run() -> Any:
        return spacy.load(folder)(TEXT).cats

    def wrong(cats: Any) -> str:
        return "" if cats and all(np.isfinite(score) for score in cats.values()) else f"scores {cats}"

    return Case(f"spacy.load, {what}", run, must_fail, wrong)


def pipeline_command(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A damaged pipeline through a command."""
    folder = copy(bench.pipeline, sandbox.work / "pipeline")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = pick(random, files)
    what = pick(random, ["damaged", "damaged", "gone", "a folder", "JSON"])
    if what == "damaged":
        data, what = damage(random, path.read_bytes())
        path.write_bytes(data)
    elif what == "JSON":
        path.write_text(pick(random, ["{}", "[]", "5", '"x"', "null"]), encoding="utf8")
    else:
        path.unlink()
        if what == "a folder":
            path.mkdir()
    text, out = sandbox.work / "text.txt", sandbox.work / "out"
    text.write_text(TEXT, encoding="utf8")
    runs: dict[str, tuple[Any, ...]] = {
        "explain": (folder, text, "--json", out),
        "benchmark": (folder, text, "--json", out, "--passes", "1"),
        "export": (folder, out, "--component", "textcat"),
        "calibrate": (folder, copy(bench.dev, sandbox.work / "dev.spacy"), out, "--component", "spancat_singlelabel"),
    }
    name = pick(random, runs)
    return Case(
        f"{name} with {path.relative_to(folder)}: {what}",
        command(name, *runs[name]),
        outputs=[out],
        wrong=lambda _: "" if "NaN" not in (out.read_text() if out.is_file() else "") else "NaN in what was written",
    )
