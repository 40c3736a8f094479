"""What can be chosen of a pretraining, and checked before it begins."""

from dataclasses import asdict, dataclass, field
from typing import Any, cast, get_args

from ..choices import Objective, Packing, TrainingPrecision

WEIGHTS: dict[Objective, float] = {"choice": 1.0}


@dataclass(frozen=True)
class Settings:
    """What makes one pretraining another one than the next. Two with the same settings give the same weights."""

    weights: dict[Objective, float] = field(default_factory=lambda: dict(WEIGHTS))
    """Objective -> what its loss is multiplied by in the sum."""
    max_steps: int = 1000
    seed: int = 0
    batch_pieces: int = 3000
    """Pieces of a batch, at most; a window with more is a batch of its own."""
    batches_per_step: int = 1
    """Batches of a step, of all processes together."""
    packing: Packing = "sentences"
    lang: str = "en"
    text: str = "text"
    """Name of the column or key with the text."""
    learning_rate: float = 5e-5
    """Of what the HAT has from its source."""
    new_learning_rate: float = 3e-4
    """Of cross-segment blocks, document positions, and heads."""
    warmup_steps: int = 100
    cross_segment_first: int = 0
    """Steps in which nothing but what has new_learning_rate is trained."""
    held_out_pieces: int = 40_000
    """Pieces of documents that are never trained on, at most, beside a twentieth of all documents."""
    precision: TrainingPrecision = "float32"

    def entries(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Name -> value, for a manifest."""
        return asdict(self)


def parse_objectives(spec: str) -> dict[Objective, float]:
    """Read objectives, with weights.

    spec (str): Such as `choice`, `mlm,segments` or `choice,mlm=0.5`.
    RETURNS (dict[Objective, float]): Objective -> weight, 1 where none is given.
    RAISES (ValueError): If it is something else.
    """
    weights: dict[Objective, float] = {}
    for one in spec.split(","):
        name, equals, number = one.strip().partition("=")
        try:
            weight = float(number) if equals else 1.0
        except ValueError:
            weight = float("nan")
        if name not in get_args(Objective) or name in weights or not 0 < weight < float("inf"):
            raise ValueError(
                f"--objective is {spec!r}. Expected: one or more of {', '.join(get_args(Objective))}, each once, with "
                "commas between them, and a positive weight where one counts more or less than another: choice,mlm=0.5"
            )
        weights[cast(Objective, name)] = weight
    return weights
