"""A tiny HAT, a tiny corpus, and settings to pretrain the one on the other in seconds."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from spacy_hat.modeling import PackedInputs
from spacy_hat.pretraining.run import pretrain
from spacy_hat.pretraining.settings import Settings

from .scratch import start

WORDS = ("the", "court", "held", "appeal", "dismissed", "and", "costs", "follow", "we", "read", "whole", "documents")
MASK = 4
"""Of a tokenizer from scratch."""


def make_texts(n_docs: int = 40, seed: int = 0) -> list[str]:
    """RETURNS (list[str]): Documents of 1 to 9 sentences."""
    rng = random.Random(seed)

    def sentence() -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(2, 6))).capitalize() + "."

    return [" ".join(sentence() for _ in range(rng.randint(1, 9))) for _ in range(n_docs)]


def save_corpus(folder: Path, texts: list[str] | None = None) -> Path:
    """RETURNS (Path): A file of JSON lines."""
    path = folder / "texts.jsonl"
    lines = [json.dumps({"text": text}) for text in texts or make_texts()]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


def save_hat(folder: Path, **settings: Any) -> Path:
    """RETURNS (Path): The folder of a HAT from scratch, with dropout."""
    started = start(make_texts(), **settings)
    path = folder / "hat"
    started.model.save_pretrained(path)
    started.tokenizer.save_pretrained(path)
    return path


def settings(**given: Any) -> Settings:
    """RETURNS (Settings): A run of ten short steps."""
    sizes = {"max_steps": 10, "batch_pieces": 120, "warmup_steps": 2, "held_out_pieces": 200}
    return Settings(**{**sizes, **given})


def run(hat: Path, corpus: Path, output: Path, given: Settings | None = None, **options: Any) -> Any:
    """RETURNS (Report): How a run on the CPU went."""
    usual = {"log_every": 5, "save_every": 4, "cpu": True}
    return pretrain(str(hat), corpus, output, given or settings(), **{**usual, **options})


def weights(folder: Path) -> dict[str, np.ndarray]:
    """RETURNS (dict[str, ndarray]): What a folder holds."""
    return load_file(folder / "model.safetensors")


def packed(windows: list[list[list[int]]]) -> PackedInputs:
    """RETURNS (PackedInputs): Windows of segments of pieces, each with the classifier piece 0 before it."""
    segments = [[0, *segment] for window in windows for segment in window]
    return PackedInputs(
        np.array([piece for segment in segments for piece in segment]),
        np.array([len(segment) for segment in segments]),
        np.array([len(window) for window in windows]),
        np.array([place for window in windows for place in range(len(window))]),
    )
