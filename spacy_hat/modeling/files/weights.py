"""Weights from a file or from bytes: names, shapes and types first, the numbers once these are known to fit."""

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load, load_file
from torch import Tensor

from .allowed import INDEX_BUFFERS, WEIGHT_FILES, WEIGHT_TYPES
from .disk import begins_with, find_file, first_line, unreadable
from .problems import RefusedError, Shape, shorten

Weights = dict[str, Tensor]
_LARGEST = torch.finfo(torch.float32).max
# How torch's files begin: as zip archives, or, before version 1.6, with serialised objects.
_ZIP = b"PK\x03\x04"
_BEGIN_OF_BIN = (_ZIP, b"\x80")


@dataclass(frozen=True)
class WeightFile:
    """Weights of which everything is known but the numbers.

    source (str): Where they are, for an error.
    shapes (dict[str, tuple[int, ...]]): Name -> shape. All are dense, and of one of WEIGHT_TYPES.
    n_numbers (int): How many numbers the file holds.
    first_type (torch.dtype): Precision of the first.
    """

    source: str
    shapes: dict[str, Shape]
    n_numbers: int
    first_type: torch.dtype
    _read: Callable[[], Weights]

    def read(self) -> Weights:
        """Read the numbers. RETURNS (dict[str, Tensor]): On the CPU. RAISES (RefusedError): If any is not finite."""
        weights = self._read()
        weights = {name: weights[name] for name in self.shapes}
        strange = sorted(name for name, weight in weights.items() if not is_finite(weight))
        if strange:
            raise RefusedError(
                f"{self.source} holds numbers that are not finite in float32. Got: NaN or infinity in "
                f"{shorten(strange)}. Expected: finite numbers. The training that made them has gone wrong: take an "
                "earlier checkpoint, and train with a lower learn rate."
            )
        return weights


def is_finite(tensor: Tensor) -> bool:
    """RETURNS (bool): Whether every number of a floating tensor is finite, in float32 too."""
    if not tensor.numel():
        return True
    low, high = tensor.detach().aminmax()  # NaN goes through to both
    # As Python's numbers: compared with a half, the largest float32 would be infinite itself.
    return low.item() >= -_LARGEST and high.item() <= _LARGEST


def open_weights(name: str | Path, **hub: Any) -> WeightFile:
    """Find a checkpoint's weights, and read what they are.

    name (str | Path): A folder, or the name of a hub repository.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (WeightFile): Names and shapes; the numbers on demand.
    RAISES (ValueError): If there is no weights file, or it is damaged, or it holds anything but weights.
    """
    for file in WEIGHT_FILES:
        path = find_file(name, file, **hub)
        if path is not None:
            return _open_safetensors(path) if path.suffix == ".safetensors" else _open_bin(path)
    for file in WEIGHT_FILES:
        if find_file(name, f"{file}.index.json", **hub) is not None:
            raise RefusedError(
                f"The weights of {name} are in several files, expected {' or '.join(WEIGHT_FILES)}. Save them in one: "
                'model.save_pretrained(FOLDER, max_shard_size="100GB").'
            )
    raise RefusedError(f"{name} holds no weights: expected {' or '.join(WEIGHT_FILES)}. Check the folder or hub name.")


def read_weights(name: str | Path, **hub: Any) -> Weights:
    """RETURNS (dict[str, Tensor]): All of a checkpoint's weights, checked; see open_weights."""
    return open_weights(name, **hub).read()


def weights_of_bytes(content: bytes, *, source: str) -> WeightFile:
    """Read what the weights in the bytes of a safetensors file are.

    content (bytes): As in a pipeline.
    source (str): What to call them in an error.
    RETURNS (WeightFile): Names and shapes; the numbers on demand.
    RAISES (RefusedError): If they are damaged, or no weights.
    """

    def read() -> Weights:
        try:
            return load(content)
        except Exception as error:
            raise _damaged(error) from None

    def _damaged(error: Exception) -> RefusedError:
        return RefusedError(f"{source} cannot be read: {first_line(error)} Expected: whole safetensors. Copy it again.")

    try:
        header = _header(BytesIO(content), len(content))
    except ValueError as error:
        raise _damaged(error) from None
    return _of_header(header, source, read)


def _open_safetensors(path: Path) -> WeightFile:
    def read() -> Weights:
        # The library's own exception is not public, and derives from Exception alone.
        try:
            return load_file(path)
        except Exception as error:
            raise unreadable(path, first_line(error), expected="a whole safetensors file") from None

    try:
        with path.open("rb") as file:
            header = _header(file, path.stat().st_size)
    except ValueError as error:
        raise unreadable(path, first_line(error), expected="a whole safetensors file") from None
    return _of_header(header, str(path), read)


def _header(file: BinaryIO, n_bytes: int) -> dict[str, tuple[str, Shape]]:
    """RETURNS (dict[str, tuple[str, tuple[int, ...]]]): Name -> type and shape, as the head of the file says.

    The library checks the same and more once it reads the numbers, but only then.
    """
    length = int.from_bytes(file.read(8), "little")
    if n_bytes < 8 or length > n_bytes - 8:
        raise ValueError("it ends before its header does.")
    try:
        entries = json.loads(file.read(length))
        entries.pop("__metadata__", None)
        header = {name: (str(entry["dtype"]), tuple(entry["shape"])) for name, entry in entries.items()}
        ends = [entry["data_offsets"][1] for entry in entries.values()]
        sound = all(type(size) is int and size >= 0 for _, shape in header.values() for size in shape)
        whole = 8 + length + max(ends, default=0) == n_bytes
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise ValueError("its header is not that of a safetensors file.") from None
    if not sound or not whole:
        raise ValueError(f"its header is of a file of {8 + length + max(ends, default=0):,} bytes.")
    return header


def _of_header(header: dict[str, tuple[str, Shape]], source: str, read: Callable[[], Weights]) -> WeightFile:
    header = {name: entry for name, entry in header.items() if not _is_index(name)}
    _check_types({name: kind for name, (kind, _) in header.items()}, set(WEIGHT_TYPES), source)
    shapes = {name: shape for name, (_, shape) in header.items()}
    first_type = next((WEIGHT_TYPES[kind] for kind, _ in header.values()), torch.float32)
    return WeightFile(source, shapes, sum(prod(shape) for shape in shapes.values()), first_type, read)


def _is_index(name: str) -> bool:
    return name.rpartition(".")[2] in INDEX_BUFFERS


def _check_types(kinds: Mapping[str, str], allowed: set[str], source: str) -> None:
    others = [f"{name} ({kind})" for name, kind in kinds.items() if kind not in allowed]
    if others:
        raise RefusedError(
            f"{source} holds what is not a weight: {shorten(others)}. Expected: dense tensors of "
            f"{', '.join(sorted(allowed))}. Whole numbers and 8-bit floats are of quantized models: save the model in "
            "float32, float16 or bfloat16."
        )


def _open_bin(path: Path) -> WeightFile:
    tensors = _load_bin(path)
    if not isinstance(tensors, Mapping) or not all(isinstance(weight, Tensor) for weight in tensors.values()):
        raise RefusedError(
            f"{path} holds {type(tensors).__name__} with other things than tensors, expected a dict of names and "
            "tensors. Save the state dict alone: torch.save(model.state_dict(), 'pytorch_model.bin')."
        )
    strange = [repr(name) for name in tensors if not isinstance(name, str)]
    if strange:
        raise RefusedError(
            f"{path} names its weights {shorten(strange)}, expected names in words. Save the state dict of a model: "
            "torch.save(model.state_dict(), 'pytorch_model.bin')."
        )
    weights = {name: weight for name, weight in tensors.items() if not _is_index(name)}
    allowed = {str(kind).removeprefix("torch.") for kind in WEIGHT_TYPES.values()}
    _check_types({name: _kind_of(weight) for name, weight in weights.items()}, allowed, str(path))
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    storages = {weight.untyped_storage().data_ptr(): weight for weight in weights.values()}
    n_numbers = sum(weight.untyped_storage().nbytes() // weight.element_size() for weight in storages.values())
    first_type = next((weight.dtype for weight in weights.values()), torch.float32)
    return WeightFile(str(path), shapes, n_numbers, first_type, lambda: weights)


def _kind_of(tensor: Tensor) -> str:
    """The type of a dense tensor as torch calls it; of any other, why it is not a weight."""
    if tensor.layout is not torch.strided:
        return str(tensor.layout).removeprefix("torch.")
    if tensor.device.type != "cpu":
        return f"without numbers, on device {tensor.device.type}"
    if tensor.is_quantized:
        return "quantized"
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        return "the same numbers several times over"
    return str(tensor.dtype).removeprefix("torch.")


def _load_bin(path: Path) -> Any:
    """Read a .bin file; of one in today's format the numbers stay on the disk until they are used."""
    try:
        is_zip = begins_with(path, _ZIP)
        if is_zip:
            _check_zip(path)
        # Mapped into memory, a number that the file does not hold cannot be asked for.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except Exception as error:
        # Damaged files raise errors of all kinds; this one kind also stands for sound files with forbidden content.
        if type(error).__name__ == "UnpicklingError" and begins_with(path, *_BEGIN_OF_BIN):
            raise _carries_code(path, error) from None
        # The first sentence alone: the next ones may advise to switch the protection off.
        reason = first_line(error).split(". ")[0].removesuffix(".")
        raise unreadable(path, f"{reason}.", expected="a whole .bin file") from None


def _check_zip(path: Path) -> None:
    """RAISES (ValueError): If an entry takes more room than the file has, packed tightly or by several names."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("its entries are compressed, which torch.save never does.")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ValueError("its entries are larger than the file.")


def _carries_code(path: Path, error: Exception) -> RefusedError:
    found = re.search(r"GLOBAL (\S+)", str(error))
    return RefusedError(
        f"{path} is refused, and nothing that it holds was run. It asks for "
        f"{f'the Python object {found[1]}' if found else 'Python objects'}, which can run code when it is made. "
        "Expected: names and tensors, nothing else. Ask whoever made the file for model.safetensors, or for the state "
        "dict alone: torch.save(model.state_dict(), 'pytorch_model.bin')."
    )
