"""Memory of this process, as its system counts it: on a GPU what is allocated there, else what is resident."""

import sys

import torch

from .processor import PROCESS, status_bytes


def memory_now(on_gpu: bool) -> int | None:
    """RETURNS (int | None): Bytes in use; None where the system does not tell (Windows).

    on_gpu (bool): Whether the models are on a GPU.
    """
    return torch.cuda.memory_allocated() if on_gpu else _resident("VmRSS")


def memory_peak(on_gpu: bool) -> int | None:
    """RETURNS (int | None): The most bytes in use since `reset_peak`, or ever, where that cannot be reset.

    on_gpu (bool): Whether the models are on a GPU.
    """
    return torch.cuda.max_memory_allocated() if on_gpu else _resident("VmHWM")


def reset_peak(on_gpu: bool) -> None:
    """Forget the peak so far, if the system can.

    on_gpu (bool): Whether the models are on a GPU.
    """
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
        return
    try:
        (PROCESS / "clear_refs").write_text("5")
    except OSError:  # not Linux, or a container that does not allow it
        return


def _resident(field: str) -> int | None:
    found = status_bytes(PROCESS, field)
    return _most_ever() if found is None else found


def _most_ever() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
