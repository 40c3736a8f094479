"""The machine that runs the encoder: what it is called in a report, its clock, and its memory."""

import os
import platform
from pathlib import Path
from typing import Any

import torch

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


def cpu_multiplies_bfloat16() -> bool:
    """RETURNS (bool): Whether this CPU multiplies bfloat16 natively; others may take a hundred times as long."""
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def resident_mb() -> float | None:
    """RETURNS (float | None): Memory that this process has now, in MB; None where the system does not say (not
    Linux)."""
    return _status_mb("VmRSS")


def peak_mb() -> float | None:
    """RETURNS (float | None): The most that it had since `reset_peak`, in MB; None where the system does not say."""
    return _status_mb("VmHWM")


def gpu_peak_mb() -> float | None:
    """RETURNS (float | None): The most that tensors took on the GPU since `reset_peak`, in MB; None without one."""
    return torch.cuda.max_memory_allocated() / MB if torch.cuda.is_available() else None


def reset_peak() -> None:
    """Forget the peaks so far: loading a model takes more than having it."""
    if PROCESS.is_dir():
        (PROCESS / "clear_refs").write_text("5")
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def status_bytes(process: Path, field: str) -> int | None:
    """Ask Linux about a process.

    process (Path): Its folder under /proc.
    field (str): A size in its status, such as VmRSS.
    RETURNS (int | None): Bytes; None where the system does not say.
    """
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), None)


def _status_mb(field: str) -> float | None:
    found = status_bytes(PROCESS, field)
    return None if found is None else found / MB


def _cpu_name() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
