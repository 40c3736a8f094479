"""What a task is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

Unit = Literal["documents", "sentences"]
CONFIGS: dict[Unit, Path] = {
    "documents": Path("configs/hat_textcat.cfg"),
    "sentences": Path("configs/hat_spancat.cfg"),
}


@dataclass(frozen=True)
class Split:
    """Which part of a task's documents is test.

    seed (int): of the split.
    fold (int | None): the fold that is test, for tasks that are cross-validated.
    n_folds (int | None): of how many.
    """

    seed: int = 0
    fold: int | None = None
    n_folds: int | None = None


@dataclass(frozen=True)
class Task:
    """A corpus with labels.

    name (str): as in the command and in names of files.
    title (str): over its table.
    unit (Literal): what carries a label: "documents" or "sentences".
    write (Callable): writes train.spacy, dev.spacy and test.spacy of a split into a folder.
    in_folds (bool): whether its splits are folds of one cross-validation, or splits with a seed each.
    trained_on (str | None): name of the task whose pipelines are tested on this one; None: it trains its own.
    """

    name: str
    title: str
    unit: Unit
    write: Callable[[Path, Split, Console], object]
    in_folds: bool = True
    trained_on: str | None = None

    @property
    def config(self) -> Path:
        """RETURNS (Path): the config that trains its encoders."""
        return CONFIGS[self.unit]
