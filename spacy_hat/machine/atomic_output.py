"""Write beside the place, then rename: whoever is killed half-way leaves the old result, or none, never half of one.

    .hat.new-HOST-PID   being written            left by a killed process: removed by the next one
    .hat.old-HOST-PID   the old one, set aside   left by a killed process: put back, if nothing took its place

A file is replaced in one step. A folder cannot be, where it is not empty: between two renames, the old one is beside.
"""

import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryDirectory

from .streams import is_stream, write_stream

LONGEST_NAME = 150
"""Bytes of a name that is taken whole into that of what lies beside it: file systems end at 255."""


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Fill a folder that takes the place of another, or a free one, when it is complete.

    target (Path): The folder's place; missing parents are made. A link is followed.
    YIELDS (Path): An empty folder beside it, to be written to. It is removed if anything is raised. Its files get the
        modes that the umask gives, or those of the files that they replace.
    RAISES (NotADirectoryError): If there is a file in that place.
    """
    target = _prepare(target)
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"{target} is a file, expected a folder or nothing. Choose another place.")
    made = _beside(target, "new")
    made.mkdir()
    try:
        yield made
        _set_modes(made, target)
        _exchange(made, target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Write a file that takes the place of another, or a free one, when it is complete.

    target (Path): The file's place; missing parents are made. A link is followed. What is neither a file nor a folder
        (a device, a FIFO, `-` for stdout) is written to, in one go, when everything is there.
    YIELDS (Path): A file beside it, to be written. It is removed if anything is raised.
    RAISES (IsADirectoryError): If there is a folder in that place.
    """
    if is_stream(target):
        with TemporaryDirectory() as folder:
            made = Path(folder) / "made"
            yield made
            write_stream(target, made.read_bytes())
        return
    target = _prepare(target)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, expected a file or nothing. Choose another place.")
    made = _beside(target, "new")
    try:
        yield made
        if target.exists():
            made.chmod(S_IMODE(target.stat().st_mode))
        made.replace(target)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _set_modes(made: Path, target: Path) -> None:
    """Give a new folder the modes of any other: libraries write some files for their owner alone."""
    mask = S_IMODE(made.stat().st_mode)  # what the umask leaves of a folder
    for path in [*made.rglob("*"), made]:
        old = target / path.relative_to(made)
        mode = S_IMODE(old.stat().st_mode) if old.exists() else mask & (0o7777 if path.is_dir() else 0o666)
        path.chmod(mode)


def _prepare(target: Path) -> Path:
    """Follow links, make the parents, and put right what killed processes left."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in _left_behind(target, "old"):
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)
    for new in _left_behind(target, "new"):
        if new.is_dir():
            shutil.rmtree(new, ignore_errors=True)
        else:
            new.unlink(missing_ok=True)
    return target


def _exchange(made: Path, target: Path) -> None:
    """Rename the old folder aside and the new one into its place; if that fails, the old one back."""
    if not target.exists():
        made.rename(target)
        return
    old = _beside(target, "old")
    try:
        target.rename(old)
        made.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{_short(target.name)}.{what}-{_host()}-{os.getpid()}")


def _short(name: str) -> str:
    """The name, or a beginning of it that is no longer than file systems allow, and what tells it from others."""
    if len(os.fsencode(name)) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME // 8]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"


def _host() -> str:
    return re.sub(r"\W", "_", platform.node())[:40]


def clear_left_behind(folder: Path) -> None:
    """Remove files that killed processes of this machine were writing in a folder, whose names nobody may take again:
    they take room, which may be what is missing.

    folder (Path): The folder, if there is one.
    """
    for path in folder.glob(f".*.new-{_host()}-*"):
        if path.is_file() and not _runs(path.name.rpartition("-")[2]):
            path.unlink(missing_ok=True)


def _left_behind(target: Path, what: str) -> list[Path]:
    """What processes left that are dead. Those of other machines, which may share the disk, cannot be asked."""
    prefix = f".{_short(target.name)}.{what}-{_host()}-"
    siblings = [path for path in target.parent.iterdir() if path.name.startswith(prefix)]
    return [path for path in siblings if not _runs(path.name.removeprefix(prefix))]


def _runs(number: str) -> bool:
    """Whether a process may be running; one that has this number and is not ours counts."""
    if not number.isdigit() or os.name != "posix":  # elsewhere, signal 0 is not a question
        return True
    if int(number) == os.getpid():  # left by a process of the same number, long gone: this one has only begun
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
