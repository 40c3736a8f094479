"""One run of the comparison: what it is called, and what is kept of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scripts.compare.ranked import stored_ranking
from scripts.scores import Predicted, Scores
from spacy_hat.machine.atomic_output import new_file
from spacy_hat.machine.processor import cpu_multiplies_bfloat16

# Kept in the repository: a comparison takes hours, and its runs are the evidence for what the documentation says.
RECORDS = Path("results/compare")
CHOSEN_BY = ("accuracy", "macro_f1", "average_precision")
"""Scores on dev that are kept."""


@dataclass(frozen=True)
class Run:
    """One method on one split of one task.

    task (str): Name of the task.
    method (str): A name in METHODS.
    seed (int): Of the split and of the training.
    fold (int | None): The fold that is test, for tasks that are cross-validated.
    n_folds (int | None): Of how many.
    max_steps (int): Training steps of an encoder, or 0 for those of the config.
    share (float): How many of the documents of train there are labels for, 1.0 for all.
    epochs (int): How often an encoder reads the documents of train, or 0 for the steps of the config.
    """

    task: str
    method: str
    seed: int
    fold: int | None = None
    n_folds: int | None = None
    max_steps: int = 0
    share: float = 1.0
    epochs: int = 0

    @property
    def split(self) -> str:
        """Name of the split: "speeches-seed0-fold1of5", "reference-seed0-10percent"."""
        fold = "" if self.fold is None else f"-fold{self.fold}of{self.n_folds}"
        share = "" if self.share == 1.0 else f"-{100 * self.share:g}percent"
        return f"{self.task}-seed{self.seed}{fold}{share}"

    @property
    def name(self) -> str:
        """Name of the run, fit for a file."""
        method = "".join(c if c.isalnum() else "-" for c in self.method.lower().replace(", ", "-"))
        steps = f"-{self.max_steps}steps" if self.max_steps else ""
        epochs = f"-{self.epochs}epochs" if self.epochs else ""
        return f"{self.split}-{method}{epochs}{steps}"

    @property
    def result(self) -> Path:
        """Where its scores are."""
        return RECORDS / f"{self.name}.json"


def write_result(
    run: Run, predicted: Predicted, minutes: float | None, dev_scores: Scores | None = None, *, gpu_id: int = -1
) -> None:
    """Write the scores of a run. A result that is there counts as done, so it is written whole or not at all.

    run (Run): Which.
    predicted (Predicted): Its labels.
    minutes (float | None): What training and tests took; None: not known, as it was trained before.
    dev_scores (Scores | None): Of the same model on dev, by which one way of training is chosen over another.
    gpu_id (int): The GPU that it was trained on, or -1.
    """
    about: dict[str, Any] = {"corpus": run.task, "method": run.method, "seed": run.seed, "fold": run.fold}
    about |= {"max_steps": run.max_steps, "share": run.share} | ({} if minutes is None else {"minutes": minutes})
    about |= {"epochs": run.epochs} if run.epochs else {}
    about |= {} if dev_scores is None else {"dev": {name: dev_scores[name] for name in CHOSEN_BY if name in dev_scores}}
    about |= {"cpu": torch.backends.cpu.get_cpu_capability(), "bfloat16": cpu_multiplies_bfloat16()}
    about |= {"gpu": torch.cuda.get_device_name(gpu_id)} if gpu_id >= 0 else {}
    with new_file(run.result) as file:
        values = about | predicted.scores() | {"right": predicted.right()}
        if predicted.ranking is not None:
            values |= stored_ranking(predicted.ranking, predicted.gold)
        file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf8")
