"""Whether a new encoder can be made on this machine at all, before it is tried."""

import os

from ..config import HATConfig
from ..files.shapes import n_numbers

_BYTES_PER_NUMBER = 4


def check_room(config: HATConfig) -> None:
    """Compare the size of an encoder with that of the machine's memory.

    config (HATConfig): Its configuration, checked.
    RAISES (ValueError): If its weights alone, in float32, take more than there is.
    """
    needed, there = n_numbers(config) * _BYTES_PER_NUMBER, _memory()
    if there is not None and needed > there:
        raise ValueError(
            f"A HAT of these sizes has {n_numbers(config):,} numbers, {needed / 1e9:,.0f} GB of weights, expected at "
            f"most the {there / 1e9:,.0f} GB of memory that this machine has. Choose a smaller vocabulary, width or "
            "number of segments, or a shorter layout."
        )


def _memory() -> int | None:
    """The machine's memory in bytes; None where the system does not tell (Windows)."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
