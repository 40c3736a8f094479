"""Checkpoint folders written by hand, as other code might have written them."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

PREFIX = "hi_transformer."
# the names of the one table of document positions in layout S|SD|D|SD
FIRST_TABLE, *LATER_TABLES = (f"encoder.layer.{number}.position_embeddings.weight" for number in (1, 2, 3))


def published_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A state dict as the published code writes it: tied tensors under every name, nothing sharing memory."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def write_checkpoint(
    folder: Path,
    settings: dict[str, Any],
    weights: dict[str, Any],
    weight_format: str = "safetensors",
    **config: Any,
) -> Path:
    """Write a checkpoint folder by hand. A value of None in `config` removes that field from config.json."""
    fields = {"model_type": "hierarchical-transformer", "architectures": ["HATModel"], **settings, **config}
    fields = {name: value for name, value in fields.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(fields), encoding="utf8")
    if weight_format == "safetensors":
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        torch.save(weights, folder / "pytorch_model.bin")
    return folder
