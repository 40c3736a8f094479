"""Files of a checkpoint, from a folder or from the hub. Only data is ever fetched or read, never code."""

import json
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.utils import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError

from .allowed import MOST_JSON_BYTES, WEIGHT_FILES
from .names import folder_of, is_offline
from .problems import RefusedError

_LFS_POINTER = b"version https://git-lfs"


def find_file(name: str | Path, file: str, **hub: Any) -> Path | None:
    """Find one file of a checkpoint, fetching it from the hub if need be.

    name (str | Path): A folder, or the name of a hub repository.
    file (str): The file's name.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (Path | None): Where it is; None if the checkpoint has no such file.
    RAISES (ValueError): If name is a path to nothing, or the hub does not know it or cannot be reached, or the file is
        a link to one that lies elsewhere.
    """
    folder = folder_of(name)
    if folder is not None:
        path = folder / file
        if not path.is_file():
            return None
        # Weights are often linked, and are nothing else; a vocabulary is any text, such as somebody's secrets.
        if file not in WEIGHT_FILES and not _lies_in(path, folder):
            raise RefusedError(
                f"{path} is a link to {path.resolve()}, outside the folder of the checkpoint. Expected: a file that "
                "belongs to it. Copy the file there if it does."
            )
        return path
    if is_offline():
        hub = {**hub, "local_files_only": True}
    try:
        return Path(hf_hub_download(str(name), file, **hub))
    except (OSError, HFValidationError) as error:
        # The hub's errors are OSErrors, all but the one for a malformed name; of these, "no such file" is an answer.
        if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
            return None
        raise RefusedError(
            f"'{name}' is not a folder here, and cannot be fetched from the hub: {first_line(error)} Check the path "
            "(your own HAT is made by: python -m spacy hat warm-start), the hub name (such as 'owner/model') and the "
            "network."
        ) from None


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a file is in its folder, or where the hub's cache has it: links in snapshots/, files in blobs/."""
    place, inside = path.resolve(), folder.resolve()
    blobs = inside.parent.parent / "blobs"
    return place.is_relative_to(inside) or (inside.parent.name == "snapshots" and place.is_relative_to(blobs))


def read_bytes(path: Path, most: int) -> bytes:
    """Read a file that is not too large.

    path (Path): The file.
    most (int): As many bytes as a sound one could have.
    RETURNS (bytes): What it holds.
    RAISES (RefusedError): If it is larger.
    """
    if path.stat().st_size > most:
        raise RefusedError(
            f"{path} has {path.stat().st_size:,} bytes, expected at most {most:,}. Fetch the file again."
        )
    return path.read_bytes()


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
        values = json.loads(read_bytes(path, MOST_JSON_BYTES).decode("utf8"))
    except RefusedError:
        raise
    except ValueError as error:
        raise unreadable(path, first_line(error), expected="JSON, in UTF-8") from None
    except RecursionError:
        raise unreadable(path, "it is nested too deeply.", expected="JSON, in UTF-8") from None
    if not isinstance(values, dict):
        raise RefusedError(f"{path} holds {type(values).__name__}, expected a JSON object {{…}}. Fetch the file again.")
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
        raise RefusedError(f"{name} holds no config.json, so it is not a checkpoint. Check the folder or hub name.")
    if not isinstance(values.get("model_type"), str):
        raise RefusedError(
            f"The config.json of {name} has no model_type, expected a name such as 'bert'. Fetch the checkpoint again; "
            "in old ones the entry is missing: add it."
        )
    return values


def unreadable(path: Path, reason: str, *, expected: str) -> RefusedError:
    """RETURNS (RefusedError): The error for a file that is damaged, or not what its name says."""
    pointer = begins_with(path, _LFS_POINTER)
    return RefusedError(
        f"{path} cannot be read: {reason} Got: {path.stat().st_size:,} bytes"
        f"{', a pointer of Git LFS in place of the file' if pointer else ''}. Expected: {expected}. "
        f"{'Fetch it with git lfs pull.' if pointer else 'It may be cut off: correct it, or fetch it again.'}"
    )


def begins_with(path: Path, *beginnings: bytes) -> bool:
    """RETURNS (bool): Whether a file begins with one of these."""
    with path.open("rb") as file:
        return file.read(max(map(len, beginnings))).startswith(beginnings)


def first_line(error: Exception) -> str:
    """RETURNS (str): The first line of an error as a sentence; its name where it says nothing."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line if line.endswith(".") else f"{line}."
