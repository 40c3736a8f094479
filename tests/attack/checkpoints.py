"""Checkpoints of a stranger: HATs, tokenizers, sources of a warm start and heads to import."""

import json
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from .bench import Bench, copy
from .case import SECRET, Case, Sandbox, command, pick
from .pipelines import _probe
from .spoil import damage, spoil_config, spoil_json
from .spoil_tokenizers import tokenizer_entries
from .spoil_weights import evil_bin, spoil_header, spoil_weights

WEIGHTS = "model.safetensors"


def _spoil(random: Random, folder: Path, sandbox: Sandbox, *, only_tokenizer: bool = False) -> tuple[str, str]:
    """Spoil one thing in a checkpoint. RETURNS (tuple[str, str]): What, and why it must fail, if so."""
    ways = [_tokenizer, _tokenizer, _bytes, _links]
    if not only_tokenizer:
        ways += [_config, _config, _config, _weights, _weights, _weights, _bin, _index]
    return pick(random, ways)(random, folder, sandbox)


def _config(random: Random, folder: Path, sandbox: Sandbox) -> tuple[str, str]:
    path = folder / "config.json"
    if random.random() < 0.2:
        text, what = spoil_json(random, path.read_text())
        path.write_text(text)
        return f"config.json: {what}", what
    values, what, must_fail = spoil_config(random, json.loads(path.read_text()))
    path.write_text(json.dumps(values))
    if "auto_map" in what:
        (folder / "evil.py").write_text(f"import os\nos.mkdir({str(sandbox.canary)!r})\nclass Model: pass\n")
    return what, must_fail


def _weights(random: Random, folder: Path, _: Sandbox) -> tuple[str, str]:
    path = folder / WEIGHTS
    if random.random() < 0.3:
        data, what = spoil_header(random, path.read_bytes())
        path.write_bytes(data)
        return what, what
    weights, what, must_fail = spoil_weights(random, load_file(path), as_bin=False)
    save_file({name: weight.clone().contiguous() for name, weight in weights.items()}, path, {"format": "pt"})
    return what, must_fail


def _bin(random: Random, folder: Path, sandbox: Sandbox) -> tuple[str, str]:
    weights = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    path = folder / "pytorch_model.bin"
    if random.random() < 0.4:
        data, what = evil_bin(random, weights, sandbox)
        path.write_bytes(data)
        return what, what
    changed, what, must_fail = spoil_weights(random, weights, as_bin=True)
    torch.save(changed, path)
    return f"{what}, in pytorch_model.bin", must_fail


def _index(random: Random, folder: Path, sandbox: Sandbox) -> tuple[str, str]:
    """An index of several files, whose names lead elsewhere."""
    name = pick(random, ["../outside/secret.txt", str(sandbox.secret), WEIGHTS, "x.safetensors", "..", 5])
    names = list(load_file(folder / WEIGHTS))
    (folder / WEIGHTS).rename(folder / "part.safetensors")
    index = {"metadata": {"total_size": 10**12}, "weight_map": dict.fromkeys(names, name)}
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    return f"an index that names {name!r}", f"an index that names {name!r}"


def _tokenizer(random: Random, folder: Path, sandbox: Sandbox) -> tuple[str, str]:
    entries = pick(random, tokenizer_entries(sandbox))
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))
    return f"tokenizer_config {entries}", ""


def _bytes(random: Random, folder: Path, _: Sandbox) -> tuple[str, str]:
    path = pick(random, sorted(path for path in folder.iterdir() if path.is_file()))
    data, how = damage(random, path.read_bytes())
    path.write_bytes(data)
    return f"{path.name}: {how}", ""


def _links(random: Random, folder: Path, sandbox: Sandbox) -> tuple[str, str]:
    """A file of it that is something else."""
    path = pick(random, sorted(path for path in folder.iterdir() if path.suffix == ".json"))
    path.unlink()
    what = pick(random, ["a link to the secret", "a link to itself", "a folder", "a link to nothing", "gone"])
    if what == "a folder":
        path.mkdir()
    elif what != "gone":
        path.symlink_to({"to the secret": sandbox.secret, "to itself": path}.get(what[7:], sandbox.root / "nothing"))
    return f"{path.name} is {what}", ""


def checkpoint(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through HATModel.from_pretrained."""
    from spacy_hat.modeling import HATModel

    folder = copy(bench.hat, sandbox.work / "hat")
    what, must_fail = _spoil(random, folder, sandbox)

    def wrong(model: Any) -> str:
        if not all(torch.isfinite(weight).all() for weight in model.state_dict().values()):
            return "weights that are not finite"
        return _probe(bench, model, same=False)

    return Case(f"HATModel.from_pretrained, {what}", lambda: HATModel.from_pretrained(folder), must_fail, wrong)


def tokenizer(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through load_tokenizer."""
    from spacy_hat.modeling import load_tokenizer

    folder = copy(bench.hat, sandbox.work / "hat")
    what, _ = _spoil(random, folder, sandbox, only_tokenizer=True)

    def wrong(found: Any) -> str:
        if SECRET in found.get_vocab():
            return "it has read the secret"
        found.save_pretrained(sandbox.temporary / "saved")
        saved = b"".join(path.read_bytes() for path in (sandbox.temporary / "saved").iterdir() if path.is_file())
        return "the secret is saved with it" if SECRET.encode() in saved else ""

    return Case(f"load_tokenizer, {what}", lambda: load_tokenizer(folder), "", wrong)


NAMES: list[Any] = [
    *("./models/hat", "/nothing/hat", "../hat", "~/hat", "", " ", "a\0b", "x" * 300, "a/b/c", "hat/", ".", "..", "/"),
    *(
        "models/hat\n",
        "[/x]",
        "$HOME/hat",
        "C:\\hat",
        "file:///x",
        "https://example.com/x",
        "/dev/null",
        "-x",
        "\udcff/",
    ),
]


def name(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Names that lead nowhere, and are nobody's on the hub."""
    from spacy_hat.modeling import HATModel, load_tokenizer, warm_start

    given = pick(random, NAMES)
    reader = pick(random, [HATModel.from_pretrained, load_tokenizer, warm_start])
    return Case(f"{reader.__qualname__}({given!r})", lambda: reader(given), f"{given!r} leads nowhere")


# What a file may say of a source that has no effect on what is taken from it.
_FREE = ("max_sentence", "encoder_layout", "document_position", "tie_word", "id2label", "problem_type", "frozen")
_FREE += (
    "pooling",
    "model_type",
    "initializer_range",
    "dropout",
    "num_hidden_layers",
    "beside another",
    "an empty tensor more",
    "type_vocab",
)
_FREE += ("is_decoder", "add_cross", "torch_dtype", "pruned_heads", "pad_token_id", "vocab_size", "num_attention_heads")


def source(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through the command warm-start."""
    family = pick(random, bench.sources)
    folder, out = copy(bench.sources[family], sandbox.work / "source"), sandbox.work / "out"
    what, must_fail = _spoil(random, folder, sandbox)
    if any(word in what for word in _FREE) or (family == "distilbert" and what.startswith("config")):
        must_fail = ""
    run = command("warm-start", folder, out, "--segment-length", 12, "--max-segments", 6)
    return Case(f"warm-start of a {family}, {what}", run, must_fail, lambda _: _hat_is_sound(out), [out])


def head(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through the command import."""
    task = pick(random, bench.heads)
    folder, out = copy(bench.heads[task], sandbox.work / "head"), sandbox.work / "out"
    what, must_fail = _spoil(random, folder, sandbox)
    if "frozen" in what:
        must_fail = ""
    return Case(f"import of a {task}, {what}", command("import", folder, out), must_fail, lambda _: _scores(out), [out])


def _hat_is_sound(folder: Path) -> str:
    from spacy_hat.modeling import HATModel, load_tokenizer

    model = HATModel.from_pretrained(folder).eval()
    if SECRET in load_tokenizer(folder).get_vocab() or any(SECRET.encode() in p.read_bytes() for p in folder.iterdir()):
        return "the secret is in what was saved"
    with torch.no_grad():
        vectors = model(input_ids=torch.arange(5, 29)[None]).last_hidden_state
    return "" if torch.isfinite(vectors).all() else "vectors that are not finite"


def _scores(folder: Path) -> str:
    import spacy

    from .bench import TEXT

    doc = spacy.load(folder)(TEXT)
    scores = [*doc.cats.values(), *(s for group in doc.spans.values() for s in group.attrs.get("scores", [0]).flat)]
    if any(SECRET.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file()):
        return "the secret is in what was saved"
    is_right = (scores or not doc.cats) and all(0 <= score <= 1 for score in scores)
    return "" if is_right else f"scores {scores}"
