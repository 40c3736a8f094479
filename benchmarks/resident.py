"""Memory of this process, as Linux counts it, and functions run in a process of their own."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from spacy_hat.machine.memory import MB, memory_now, watch_peak

__all__ = ["MB", "in_fresh_process", "in_use_mb", "resident_mb", "watch_peak_mb"]


class MallocInfo(ctypes.Structure):
    """The answer of glibc's mallinfo2 (2.33 and later); see its manual page."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks")
    ] + [("keepcost", ctypes.c_size_t)]


def resident_mb() -> float:
    """RETURNS (float): Memory that this process has now, in MB."""
    return _told(memory_now(on_gpu=False))


def watch_peak_mb() -> Callable[[], float]:
    """RETURNS (Callable): Tells the most that it had since, in MB."""
    peak = watch_peak(on_gpu=False)
    return lambda: _told(peak())


def in_use_mb() -> float:
    """RETURNS (float): What of it is in use: glibc's allocator holds on to more, between what is in use."""
    glibc = ctypes.CDLL(None)
    glibc.mallinfo2.restype = MallocInfo
    found = glibc.mallinfo2()
    return (found.uordblks + found.hblkhd) / MB


def in_fresh_process(work: Callable[..., Any], *args: Any) -> Any:
    """Run a function where nothing has run before, so that its memory is its own.

    work (Callable): A function at the top of a module.
    *args: its arguments.
    RETURNS (Any): Its result.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def _told(n_bytes: int | None) -> float:
    if n_bytes is None:
        raise RuntimeError(
            "This system does not tell the memory of a process. Expected: Linux. Run this benchmark there."
        )
    return n_bytes / MB
