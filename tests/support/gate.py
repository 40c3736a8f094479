"""Checkpoints and pipelines of a stranger: a sound one, spoiled in one place, and every way in which it is read."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly
import torch
from safetensors.torch import load_file, save_file

from spacy_hat.layers.shim import HATShim
from spacy_hat.modeling import HATForSequenceClassification, HATModel, load_tokenizer, warm_start

WEIGHTS, BIN, CONFIG = "model.safetensors", "pytorch_model.bin", "config.json"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
"""Of which transformers 5 does not write the last."""


def copy(folder: Path, place: Path) -> Path:
    """RETURNS (Path): A copy to spoil."""
    return Path(shutil.copytree(folder, place, dirs_exist_ok=True))


def tokenizer_files(folder: Path) -> dict[str, bytes]:
    return {file: (folder / file).read_bytes() for file in TOKENIZER if (folder / file).exists()}


def edit_json(folder: Path, file: str, **entries: Any) -> Path:
    """Change entries of a JSON file, as any program could have written them. RETURNS (Path): The folder."""
    place = folder / file
    values = json.loads(place.read_text(encoding="utf8")) if place.exists() or file != TOKENIZER[2] else {}
    (folder / file).write_text(json.dumps({**values, **entries}), encoding="utf8")
    return folder


def edit_weights(folder: Path, edit: Callable[[dict[str, Any]], Any], *, as_bin: bool = False) -> Path:
    """Change weights in place. RETURNS (Path): The folder."""
    weights = {name: weight.clone() for name, weight in load_file(folder / WEIGHTS).items()}
    edit(weights)
    if as_bin:
        (folder / WEIGHTS).unlink()
        torch.save(weights, folder / BIN)
    else:
        save_file(weights, folder / WEIGHTS, {"format": "pt"})
    return folder


def stored(folder: Path, **parts: Any) -> bytes:
    """What a pipeline around this checkpoint would store, made by hand: nothing is checked, and parts can be replaced.

    folder (Path): The checkpoint.
    **parts: Parts of the message to replace.
    RETURNS (bytes): For HATShim.from_bytes.
    """
    message = {
        "config": (folder / CONFIG).read_text(encoding="utf8"),
        "weights": (folder / WEIGHTS).read_bytes(),
        "tokenizer_class": "PreTrainedTokenizerFast",
        "tokenizer": tokenizer_files(folder),
        **parts,
    }
    return srsly.msgpack_dumps({name: part for name, part in message.items() if part is not None})


def read_stored(folder: Path) -> Any:
    return HATShim().from_bytes(stored(folder)).encoder


def start_from(folder: Path) -> Any:
    return warm_start(folder, layout="S|SD", segment_length=12, max_segments=6).model


# Every way in which the folder of a HAT becomes an encoder; a source has its own.
READERS: dict[str, Callable[[Path], Any]] = {
    "checkpoint": HATModel.from_pretrained,
    "head": HATForSequenceClassification.from_pretrained,
    "pipeline": read_stored,
}
TOKENIZER_READERS: dict[str, Callable[[Path], Any]] = {
    "checkpoint": load_tokenizer,
    "pipeline": lambda folder: HATShim().from_bytes(stored(folder)).tokenizer,
}
