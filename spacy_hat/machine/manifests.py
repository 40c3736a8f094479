"""What a folder is made of, written down in it, so that two runs never mix there."""

import json
from pathlib import Path
from typing import Any

from .atomic_output import new_file


class MixedRunsError(ValueError):
    """A folder has the work of another run."""


def write_manifest(file: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest, whole or not at all.

    file (Path): Where to.
    manifest (dict[str, Any]): What to write.
    """
    with new_file(file) as made:
        made.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf8")


def open_manifest(file: Path, manifest: dict[str, Any], about: dict[str, str], *, holds: str, removes: str) -> None:
    """Write down what a folder is made of, or check that it is what was written down.

    file (Path): The manifest, in the folder.
    manifest (dict[str, Any]): What determines the work.
    about (dict[str, str]): What else whoever opens the folder wants to know: names, which may change.
    holds (str): What the folder holds, for the error: "annotations".
    removes (str): What starting over removes, for the error: "those annotations".
    RAISES (MixedRunsError): If the folder is made of something else.
    """
    if not file.is_file():
        write_manifest(file, {"about": about, **manifest})
    if told := differences(file, manifest):
        raise MixedRunsError(
            f"{file.parent} holds {holds} of another run. Got: {told}. Expected: the same, to go on where that run "
            f"stopped. Choose another folder, or start over with --force, which removes {removes}."
        )


def differences(file: Path, manifest: dict[str, Any]) -> str:
    """RETURNS (str): In what a manifest is another one than that of a file, in words; empty if in nothing."""
    found = json.loads(file.read_text(encoding="utf8"))
    differing = [name for name in manifest if found.get(name) != manifest[name]]
    return "; ".join(f"{name} {_short(found.get(name))}, now {_short(manifest[name])}" for name in differing)


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:300]
