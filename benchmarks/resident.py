"""Memory of this process, as Linux counts it, and functions run in a process of their own."""

import ctypes
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from spacy_hat.machine import processor
from spacy_hat.machine.processor import MB, reset_peak

__all__ = ["MB", "in_fresh_process", "in_use_mb", "peak_mb", "reset_peak", "resident_mb"]


class MallocInfo(ctypes.Structure):
    """The answer of glibc's mallinfo2 (2.33 and later); see its manual page."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks")
    ] + [("keepcost", ctypes.c_size_t)]


def resident_mb() -> float:
    """RETURNS (float): Memory that this process has now, in MB."""
    return _told(processor.resident_mb())


def peak_mb() -> float:
    """RETURNS (float): The most that it had since `reset_peak`, in MB."""
    return _told(processor.peak_mb())


def in_use_mb() -> float:
    """RETURNS (float): What of it is in use: glibc's allocator holds on to more, between what is in use."""
    glibc = ctypes.CDLL(None)
    glibc.mallinfo2.restype = MallocInfo
    found = glibc.mallinfo2()
    return (found.uordblks + found.hblkhd) / MB


def in_fresh_process(work: Callable[..., Any], *args: Any) -> Any:
    """Run a function where nothing has run before, so that its memory is its own.

    work (Callable): a function at the top of a module.
    *args: its arguments.
    RETURNS (Any): its result.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def _told(megabytes: float | None) -> float:
    if megabytes is None:
        raise RuntimeError(
            "This system does not tell the memory of a process. Expected: Linux. Run this benchmark there."
        )
    return megabytes
