"""Sees what a process does: files that it writes outside of a folder, code, questions, the network.

Python tells a hook of each such event, whoever causes it. The hook stays for the life of the process, and is asleep
unless something is watched.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"}
PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"}
CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.truncate"}
ALLOWED = ("/dev/", "/proc/", "/sys/")


@dataclass
class Seen:
    """What was seen.

    root (str): The folder in which files may be written.
    secret (str): A file that nobody has to read.
    """

    root: str
    secret: str
    network: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    n_changes: int = 0
    dies_at: int | None = None


_watched: list[Seen] = []
_hooked: list[bool] = []


@contextmanager
def watched(root: Path, secret: Path) -> Iterator[Seen]:
    """Watch this process.

    root (Path): The folder in which files may be written.
    secret (Path): A file that nobody has to read.
    YIELDS (Seen): Fills while it is watched.
    """
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    seen = Seen(str(root), str(secret))
    _watched.append(seen)
    try:
        yield seen
    finally:
        _watched.remove(seen)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched:
        return
    seen = _watched[-1]
    if event == "open":
        _opened(seen, *arguments)
    elif event in CHANGES:
        _changed(seen, event, arguments)
    elif event in NETWORK:
        seen.network.append(f"{event} {arguments[1:] if event == 'socket.connect' else arguments}"[:200])
        raise OSError("There is no network in an attack.")
    elif event == "subprocess.Popen" and arguments[0] == "uname":
        return  # platform.processor asks it
    elif event in PROGRAMS or event == "builtins.input":
        seen.code.append(f"{event} {arguments}"[:200])
        if event == "builtins.input":
            raise EOFError
    elif event == "exec" and str(getattr(arguments[0], "co_filename", "")).startswith(seen.root):
        seen.code.append(f"exec of {arguments[0].co_filename}")


def _opened(seen: Seen, path: Any, mode: Any, flags: Any) -> None:
    if isinstance(path, int):
        return
    name = _absolute(path)
    is_writing = bool(set(mode or "") & set("wax+")) if isinstance(mode, str) else bool((flags or 0) & WRITING)
    if is_writing:
        _touched(seen, name, f"opened to write: {name}")
    elif name == seen.secret:
        seen.files.append(f"read: {name}")


def _changed(seen: Seen, event: str, arguments: tuple[Any, ...]) -> None:
    for path in arguments[:2] if event in ("os.rename", "os.link") else arguments[:1]:
        if isinstance(path, str | bytes | os.PathLike):
            name = _absolute(path)
            _touched(seen, name, f"{event}: {name}")


def _touched(seen: Seen, name: str, what: str) -> None:
    if name.startswith(seen.root):
        seen.n_changes += 1
        if seen.n_changes == seen.dies_at:
            os.kill(os.getpid(), 9)
    elif not name.startswith(ALLOWED) and "__pycache__" not in name:
        seen.files.append(what)


def _absolute(path: Any) -> str:
    """The path with its links, which the events are about, and without `..`."""
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100
