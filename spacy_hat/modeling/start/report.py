"""Where each part of a new HAT comes from: what the command prints and the model card says."""

from collections.abc import Iterable
from dataclasses import dataclass, field

# What files hold beside weights.
_BUFFERS = ("position_ids", "token_type_ids")


@dataclass
class WarmStartReport:
    """Where the weights of a new HAT come from.

    source (str): The encoder's folder or hub name; the corpus of a HAT from scratch.
    copied (dict[str, str]): Part of the HAT -> part of the source.
    fresh (list[str]): Parts that start from nothing, or that were changed on purpose, and how.
    unused (list[str]): Parts of the source that the HAT has no place for.
    """

    source: str
    copied: dict[str, str] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def parts_of(names: Iterable[str]) -> list[str]:
    """Name parts of a model, rather than each of their weights.

    names (Iterable[str]): Names of weights.
    RETURNS (list[str]): Layers by their number, everything else by the first word; each once, buffers left out.
    """
    parts = [_part_of(name) for name in names if not name.endswith(_BUFFERS)]
    return list(dict.fromkeys(parts))


def _part_of(name: str) -> str:
    """`encoder.layer.3.output.dense.weight` -> `encoder.layer.3`; `cls.predictions.bias` -> `cls`"""
    words = name.split(".")
    layers = next((place for place, word in enumerate(words) if word in ("layer", "layers")), None)
    return words[0] if layers is None else ".".join(words[: layers + 2])
