"""What the name of a checkpoint means: a folder here, or a repository of the hub. Nothing is looked up to find out."""

import os
import re
from pathlib import Path

from .allowed import HUB_NAMES
from .problems import RefusedError

_HUB_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
HUB_OPTIONS = ("revision", "cache_dir", "local_files_only", "token", "force_download")


def folder_of(name: str | Path) -> Path | None:
    """Tell folders from names of the hub.

    name (str | Path): A folder, or the name of a hub repository.
    RETURNS (Path | None): The folder; None if only the hub can know the name.
    RAISES (RefusedError): If it is a path, and there is no folder.
    """
    if not str(name).strip() or "\0" in str(name):
        raise RefusedError(
            f"The name of a checkpoint is {str(name)!r}, expected a folder or a hub name ('owner/model')."
        )
    path = Path(name)
    try:
        if path.is_dir():
            return path
        there = path.exists()
    except OSError as error:  # a name that is too long, or a folder that may not be read
        raise RefusedError(f"'{name}' cannot be looked at: {error.strerror}. Check the path.") from None
    if there:
        raise RefusedError(
            f"{name} is a file, expected the folder of a checkpoint. Give the folder that holds the file."
        )
    if is_path(name):
        raise RefusedError(
            f"'{name}' is not a folder here, and does not have the form of a hub name. Nothing was looked up. "
            "Expected: a folder that is there (your own HAT is made by: python -m spacy hat warm-start), or a hub name "
            f"such as 'owner/model'. Check the path{_nearest(path)}."
        )
    return None


def is_path(name: str | Path) -> bool:
    """RETURNS (bool): Whether a name can only be a path: hub names are `owner/model`, and a few old ones."""
    if isinstance(name, Path):
        return True
    owner, slash, model = name.partition("/")
    if not slash:
        return name not in HUB_NAMES
    return not (_HUB_PART.fullmatch(owner) and _HUB_PART.fullmatch(model)) or Path(owner).exists()


def is_offline() -> bool:
    """RETURNS (bool): Whether the user has said that there is no network."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE") for name in names)


def _nearest(path: Path) -> str:
    """How far the path leads, if anywhere."""
    there = next((parent for parent in path.parents if parent.is_dir()), None)
    return f": {there} is there" if there is not None and str(there) != "." else ""
