"""What is checked of the settings of an encoder before there is one."""

import inspect
from pathlib import Path
from typing import Any

from thinc.api import PyTorchGradScaler

from ..choices import Output, Precision, check_choice


def check_settings(
    precision: str, output: str, max_batch_pieces: int, grad_scaler_config: dict[str, Any] | None
) -> None:
    """RAISES (ValueError): If one of the settings of the same names in HATModel.v1 cannot be used."""
    where = "Correct it in [components.transformer.model]."
    check_choice("precision", precision, Precision, where)
    check_choice("output", output, Output, where)
    if max_batch_pieces < 1:
        raise ValueError(
            f"max_batch_pieces is {max_batch_pieces}, expected at least 1: as many pieces go through a block at once. "
            f"4096 is the default. {where}"
        )
    known = set(inspect.signature(PyTorchGradScaler).parameters)
    if unknown := sorted(set(grad_scaler_config or {}) - known):
        raise ValueError(
            f"grad_scaler_config has {', '.join(unknown)}, expected options of PyTorchGradScaler: "
            f"{', '.join(sorted(known))}. {where}"
        )


def check_cache(megabytes: int, folder: str | None) -> None:
    """RAISES (ValueError): If there can be no segment cache of that size, or not there."""
    if megabytes < 0:
        raise ValueError(
            f"segment_cache_mb is {megabytes}, expected 0 (no cache) or more. Correct it in "
            "[components.transformer.model]."
        )
    if folder is not None and not Path(folder).is_dir():
        raise ValueError(
            f"segment_cache_folder is {folder!r}, and there is no such folder. Make it, or set it to null to keep "
            "the cache in memory, in [components.transformer.model]."
        )
