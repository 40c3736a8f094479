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


def differences(file: Path, manifest: dict[str, Any]) -> str:
    """RETURNS (str): In what a manifest is another one than that of a file, in words; empty if in nothing."""
    found = json.loads(file.read_text(encoding="utf8"))
    differing = [name for name in manifest if found.get(name) != manifest[name]]
    return "; ".join(f"{name} {_short(found.get(name))}, now {_short(manifest[name])}" for name in differing)


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:300]
