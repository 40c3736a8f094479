"""Files of a checkpoint, from a folder or from the hub. Only data is ever fetched or read, never code."""

from pathlib import Path
from typing import Any, Optional, Union

import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.utils import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError
from safetensors.torch import load_file
from torch import Tensor

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
HUB_OPTIONS = ("revision", "cache_dir", "local_files_only", "token", "force_download")


def find_file(name: Union[str, Path], file: str, **hub: Any) -> Optional[Path]:
    """Find one file of a checkpoint, fetching it from the hub if need be.

    name (Union[str, Path]): A folder, or the name of a hub repository.
    file (str): The file's name.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (Optional[Path]): Where it is; None if the checkpoint has no such file.
    RAISES (ValueError): If name is no folder, and the hub does not know it or cannot be reached.
    """
    if Path(name).is_dir():
        path = Path(name) / file
        return path if path.is_file() else None
    try:
        return Path(hf_hub_download(str(name), file, **hub))
    except (OSError, HFValidationError) as error:
        # The hub's errors are OSErrors, all but the one for a malformed name; of these, "no such file" is an answer.
        if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
            return None
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{name!r} is no folder here, and cannot be had from the hub: {reason} Check the path (your own HAT is "
            "made by: python -m spacy hat warm-start), the hub name (such as 'owner/model') and the network."
        ) from None


def read_weights(name: Union[str, Path], **hub: Any) -> dict[str, Tensor]:
    """Read a checkpoint's weights, without running anything that it holds.

    name (Union[str, Path]): A folder, or the name of a hub repository.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (dict[str, Tensor]): Name -> tensor, on the CPU.
    RAISES (ValueError): If there is no weights file.
    """
    for file in WEIGHT_FILES:
        path = find_file(name, file, **hub)
        if path is not None:
            if path.suffix == ".safetensors":
                return load_file(path)
            return torch.load(path, map_location="cpu", weights_only=True)
    raise ValueError(f"{name} holds no weights: expected {' or '.join(WEIGHT_FILES)}. Check the folder or hub name.")
