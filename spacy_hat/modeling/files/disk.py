"""Files of a checkpoint, from a folder or from the hub. Only data is ever fetched or read, never code."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.utils import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError
from safetensors.torch import load_file
from torch import Tensor

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
HUB_OPTIONS = ("revision", "cache_dir", "local_files_only", "token", "force_download")
# How torch's files begin: as zip archives, or, before version 1.6, with serialised objects.
_BEGIN_OF_BIN = (b"PK\x03\x04", b"\x80")
_LFS_POINTER = b"version https://git-lfs"


def find_file(name: str | Path, file: str, **hub: Any) -> Path | None:
    """Find one file of a checkpoint, fetching it from the hub if need be.

    name (str | Path): A folder, or the name of a hub repository.
    file (str): The file's name.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (Path | None): Where it is; None if the checkpoint has no such file.
    RAISES (ValueError): If name is no folder, and the hub does not know it or cannot be reached.
    """
    if Path(name).is_dir():
        path = Path(name) / file
        return path if path.is_file() else None
    if Path(name).exists():
        raise ValueError(f"{name} is a file, expected the folder of a checkpoint. Give the folder that holds the file.")
    try:
        return Path(hf_hub_download(str(name), file, **hub))
    except (OSError, HFValidationError) as error:
        # The hub's errors are OSErrors, all but the one for a malformed name; of these, "no such file" is an answer.
        if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
            return None
        raise ValueError(
            f"'{name}' is no folder here, and cannot be had from the hub: {_first_line(error)} Check the path (your "
            "own HAT is made by: python -m spacy hat warm-start), the hub name (such as 'owner/model') and the network."
        ) from None


def read_json(name: str | Path, file: str, **hub: Any) -> dict[str, Any] | None:
    """Read one of a checkpoint's JSON files.

    name (str | Path): A folder, or the name of a hub repository.
    file (str): The file's name.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (dict[str, Any] | None): What it says; None if the checkpoint has no such file.
    RAISES (ValueError): If it does not hold one JSON object.
    """
    path = find_file(name, file, **hub)
    if path is None:
        return None
    try:
        values = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise _unreadable(path, _first_line(error), expected="JSON, in UTF-8") from None
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds {type(values).__name__}, expected a JSON object {{…}}. Fetch the file again.")
    return values


def read_config(name: str | Path, **hub: Any) -> dict[str, Any]:
    """Read a checkpoint's config.json.

    name (str | Path): A folder, or the name of a hub repository.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (dict[str, Any]): What it says, `model_type` with certainty.
    RAISES (ValueError): If there is none, or it does not say what it is the configuration of.
    """
    values = read_json(name, "config.json", **hub)
    if values is None:
        raise ValueError(f"{name} holds no config.json, so it is no checkpoint. Check the folder or hub name.")
    if not isinstance(values.get("model_type"), str):
        raise ValueError(
            f"The config.json of {name} has no model_type, expected a name such as 'bert'. Fetch the checkpoint again; "
            "in old ones the entry is missing: add it."
        )
    return values


def read_weights(name: str | Path, **hub: Any) -> dict[str, Tensor]:
    """Read a checkpoint's weights, without running anything that it holds.

    name (str | Path): A folder, or the name of a hub repository.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (dict[str, Tensor]): Name -> tensor, on the CPU.
    RAISES (ValueError): If there is no weights file, or it is damaged, or it holds anything but tensors.
    """
    for file in WEIGHT_FILES:
        path = find_file(name, file, **hub)
        if path is not None:
            return _read_safetensors(path) if path.suffix == ".safetensors" else _read_bin(path)
    for file in WEIGHT_FILES:
        if find_file(name, f"{file}.index.json", **hub) is not None:
            raise ValueError(
                f"The weights of {name} are in several files, expected {' or '.join(WEIGHT_FILES)}. Save them in one: "
                'model.save_pretrained(FOLDER, max_shard_size="100GB").'
            )
    raise ValueError(f"{name} holds no weights: expected {' or '.join(WEIGHT_FILES)}. Check the folder or hub name.")


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    # The library's own exception is not public, and derives from Exception alone.
    try:
        return load_file(path)
    except Exception as error:
        raise _unreadable(path, _first_line(error), expected="a whole safetensors file") from None


def _read_bin(path: Path) -> dict[str, Tensor]:
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # Damaged files raise errors of all kinds; this one kind also stands for sound files with forbidden content.
        if type(error).__name__ == "UnpicklingError" and _begins_with(path, *_BEGIN_OF_BIN):
            raise _carries_code(path, error) from None
        # The first sentence alone: the next ones may advise to switch the protection off.
        reason = _first_line(error).split(". ")[0].removesuffix(".")
        raise _unreadable(path, f"{reason}.", expected="a whole .bin file") from None
    if not isinstance(weights, Mapping) or not all(isinstance(weight, Tensor) for weight in weights.values()):
        raise ValueError(
            f"{path} holds {type(weights).__name__} with other things than tensors, expected a dict of names and "
            "tensors. Save the state dict alone: torch.save(model.state_dict(), 'pytorch_model.bin')."
        )
    return dict(weights)


def _carries_code(path: Path, error: Exception) -> ValueError:
    found = re.search(r"GLOBAL (\S+)", str(error))
    return ValueError(
        f"{path} is refused, and nothing that it holds was run. It asks for "
        f"{f'the Python object {found[1]}' if found else 'Python objects'}, which can run code when it is made. "
        "Expected: names and tensors, nothing else. Ask whoever made the file for model.safetensors, or for the state "
        "dict alone: torch.save(model.state_dict(), 'pytorch_model.bin')."
    )


def _unreadable(path: Path, reason: str, *, expected: str) -> ValueError:
    pointer = _begins_with(path, _LFS_POINTER)
    return ValueError(
        f"{path} cannot be read: {reason} Got: {path.stat().st_size:,} bytes"
        f"{', a pointer of Git LFS in place of the file' if pointer else ''}. Expected: {expected}. "
        f"{'Fetch it with git lfs pull.' if pointer else 'It may be cut off: correct it, or fetch it again.'}"
    )


def _begins_with(path: Path, *beginnings: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(max(map(len, beginnings))).startswith(beginnings)


def _first_line(error: Exception) -> str:
    """The first line of an error as a sentence; its name where it says nothing."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line if line.endswith(".") else f"{line}."
