"""The machine that runs the encoder: what it is called in a report, its clock, and its memory."""

import os
import platform
from pathlib import Path
from time import perf_counter
from typing import Any, Optional

import torch

from ..modeling.dense import cpu_multiplies_bfloat16

MB = 2**20
PROCESS = Path("/proc/self")


def describe_machine() -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What somebody needs to know to compare times: processor, cores, threads, PyTorch."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": cpu_multiplies_bfloat16(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def finished_time() -> float:
    """RETURNS (float): The time in seconds, once a GPU has done all it was given; it answers before it has."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return perf_counter()


def resident_mb() -> Optional[float]:
    """RETURNS (Optional[float]): Memory that this process has now, in MB; None where the system does not say (not
    Linux)."""
    return _status_mb("VmRSS")


def peak_mb() -> Optional[float]:
    """RETURNS (Optional[float]): The most that it had since `reset_peak`, in MB; None where the system does not say."""
    return _status_mb("VmHWM")


def gpu_peak_mb() -> Optional[float]:
    """RETURNS (Optional[float]): The most that tensors took on the GPU since `reset_peak`, in MB; None without one."""
    return torch.cuda.max_memory_allocated() / MB if torch.cuda.is_available() else None


def reset_peak() -> None:
    """Forget the peaks so far: loading a model takes more than having it."""
    if PROCESS.is_dir():
        (PROCESS / "clear_refs").write_text("5")
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def status_bytes(process: Path, field: str) -> Optional[int]:
    """Ask Linux about a process.

    process (Path): Its folder under /proc.
    field (str): A size in its status, such as VmRSS.
    RETURNS (Optional[int]): Bytes; None where the system does not say.
    """
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), None)


def _status_mb(field: str) -> Optional[float]:
    found = status_bytes(PROCESS, field)
    return None if found is None else found / MB


def _cpu_name() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
