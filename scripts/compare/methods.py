"""The methods that are compared, as a table.

All encoders are warm starts of the same MiniLM, trained by the shipped configs with the same steps and rates. They
differ in what a segment may see: nothing beyond itself (layout `S` only), or the other segments (`SD`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Task = Literal["speeches", "reference"]
CONFIGS: Mapping[Task, Path] = {
    "speeches": Path("configs/hat_textcat.cfg"),
    "reference": Path("configs/hat_spancat.cfg"),
}

SEGMENT_WISE = "S|S|S|S|S|S"
INTERLEAVED = "S|SD|S|SD|S|SD"
TRUNCATED_PIECES = 510  # of 512: the classifier piece, and the separator that other implementations add


@dataclass(frozen=True)
class Words:
    """TF-IDF and logistic regression.

    n_pieces (int | None): read only so many pieces of a document.
    """

    n_pieces: int | None = None


@dataclass(frozen=True)
class Encoder:
    """A warm start of MiniLM, and overrides of the shipped config.

    layout (str): blocks that are segment-wise, cross-segment or both.
    segment_length (int): pieces of a segment.
    max_segments (int): segments that can attend to each other.
    start (str): how cross-segment blocks begin: "identity" or "copy".
    overrides (Mapping[str, str]): of the config, by dotted name.
    """

    layout: str = INTERLEAVED
    segment_length: int = 128
    max_segments: int = 128
    start: str = "identity"
    overrides: Mapping[str, str] = field(default_factory=dict)


def packed(packing: str, overflow: str = "window") -> dict[str, str]:
    """Overrides that pack documents in another way than the config does."""
    model = "components.transformer.model"
    return {f"{model}.packing": packing, f"{model}.overflow": overflow}


METHODS: Mapping[Task, Mapping[str, Words | Encoder]] = {
    "speeches": {
        "TF-IDF, first 510 pieces": Words(TRUNCATED_PIECES),
        "TF-IDF, whole text": Words(),
        "truncated to 512 pieces": Encoder(SEGMENT_WISE, 512, 1, overrides=packed("fixed", "truncate")),
        "independent segments": Encoder(SEGMENT_WISE, overrides=packed("greedy")),
        "HAT, copied start": Encoder(start="copy"),
        "HAT, identity start": Encoder(),
    },
    "reference": {
        "TF-IDF, sentence alone": Words(),
        "sentence alone": Encoder(SEGMENT_WISE, overrides=packed("sentences")),
        "HAT, copied start": Encoder(start="copy"),
        "HAT, identity start": Encoder(),
    },
}
