"""Memory of this process, as its system counts it: on a GPU what is allocated there, else what is resident."""

from collections.abc import Callable
from pathlib import Path

MB = 2**20
PROCESS = Path("/proc/self")


def memory_now(on_gpu: bool) -> int | None:
    """RETURNS (int | None): Bytes in use; None where the system does not tell (it does on Linux).

    on_gpu (bool): Whether the models are on a GPU.
    """
    if on_gpu:
        import torch

        return torch.cuda.memory_allocated()
    return status_bytes(PROCESS, "VmRSS")


def watch_peak(on_gpu: bool) -> Callable[[], int | None]:
    """Forget the peak so far: loading a model takes more than having it.

    on_gpu (bool): Whether the models are on a GPU.
    RETURNS (Callable): Tells the most bytes in use since then; None where the system does not tell, or does not let
        the old peak be forgotten, as some containers do not.
    """
    if on_gpu:
        import torch

        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.max_memory_allocated
    try:
        (PROCESS / "clear_refs").write_text("5")
    except OSError:
        return lambda: None
    return lambda: status_bytes(PROCESS, "VmHWM")


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
