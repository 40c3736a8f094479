"""The machine that runs the encoder: what it is called in a report, and what it can do."""

import os
import platform
from pathlib import Path
from typing import Any

import torch

# What Python calls processors that have AVX, or not.
X86 = ("x86_64", "amd64")


def describe_machine() -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What somebody needs to know to compare times: processor, cores, threads, PyTorch."""
    return {
        "cpu": _cpu_name(),
        "cores": n_cores(),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": cpu_multiplies_bfloat16(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def n_cores() -> int:
    """RETURNS (int): Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_multiplies_bfloat16() -> bool:
    """RETURNS (bool): Whether this CPU multiplies bfloat16 natively; others take two to a hundred times as long."""
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    # oneDNN takes bfloat16 on every x86 with AVX-512, and makes float32 of it where there are no instructions for it.
    return platform.machine().lower() not in X86 or torch.cpu._is_avx512_bf16_supported()


def _cpu_name() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
