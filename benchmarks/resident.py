"""Memory of this process, as Linux counts it, and functions run in a process of their own."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

PROCESS = Path("/proc/self")
MB = 2**20


class MallocInfo(ctypes.Structure):
    """The answer of glibc's mallinfo2 (2.33 and later); see its manual page."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks")
    ] + [("keepcost", ctypes.c_size_t)]


def resident_mb() -> float:
    """RETURNS (float): Memory that the process has now."""
    return _status("VmRSS")


def in_use_mb() -> float:
    """RETURNS (float): What of it is in use: glibc's allocator holds on to more, between what is in use."""
    glibc = ctypes.CDLL(None)
    glibc.mallinfo2.restype = MallocInfo
    found = glibc.mallinfo2()
    return (found.uordblks + found.hblkhd) / MB


def peak_mb() -> float:
    """RETURNS (float): The most that it had since `reset_peak`."""
    return _status("VmHWM")


def reset_peak() -> None:
    """Forget the peak so far: loading a model takes more than having it."""
    (PROCESS / "clear_refs").write_text("5")


def in_fresh_process(work: Callable[..., Any], *args: Any) -> Any:
    """Run a function where nothing has run before, so that its memory is its own.

    work (Callable): a function at the top of a module.
    *args: its arguments.
    RETURNS (Any): its result.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def _status(field: str) -> float:
    for line in (PROCESS / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) / 1024
    raise ValueError(f"/proc/self/status has no {field}: this benchmark needs Linux.")
