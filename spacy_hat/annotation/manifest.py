"""What a folder of annotations was made of, so that two runs never mix in it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..machine.kinds import ANNOTATIONS, MANIFEST
from ..machine.manifests import open_manifest
from ..machine.places import check_place

CHUNK = 2**20


def hash_folder(folder: Path) -> str:
    """RETURNS (str): SHA-256 of what is in a folder, or in a file: names and contents."""
    digest = hashlib.sha256()
    paths = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else [folder]
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                digest.update(chunk)
    return digest.hexdigest()


def check_output(output: Path, sources: Sequence[str | Path], *, force: bool) -> None:
    """Check that a folder may be written to: there is none, it is empty, or it holds annotations and nothing else.

    output (Path): The folder.
    sources (Sequence[str | Path]): What the annotations are made from.
    force (bool): Whether to remove annotations that are there.
    RAISES (PlaceError): If something else would be lost, or mixed with.
    """
    is_ours = (output / MANIFEST).is_file()
    # What is hidden is being written by another process of the same run.
    is_new = not output.exists() or (output.is_dir() and all(path.name.startswith(".") for path in output.iterdir()))
    check_place(output, ANNOTATIONS, force=force or is_ours or is_new, sources=sources)
    if force and is_ours:
        _clear(output)


def _clear(output: Path) -> None:
    """Remove annotations, the manifest last: what is left by a process that is killed here can be removed again."""
    for path in sorted(output.rglob("*"), reverse=True):
        if path.is_file() and path.name != MANIFEST:
            path.unlink()
    (output / MANIFEST).unlink()


def check_manifest(output: Path, manifest: dict[str, Any], about: dict[str, str]) -> None:
    """Write down what a folder is made of, or check that it is what was written down.

    output (Path): The folder.
    manifest (dict[str, Any]): What determines the annotations.
    about (dict[str, str]): What else whoever opens the folder wants to know: names, which may change.
    RAISES (MixedRunsError): If the folder is made of something else.
    """
    open_manifest(output / MANIFEST, manifest, about, holds="annotations", removes="those annotations")
