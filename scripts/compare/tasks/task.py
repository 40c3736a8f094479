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

    seed (int): Of the split.
    fold (int | None): The fold that is test, for tasks that are cross-validated.
    n_folds (int | None): Of how many.
    """

    seed: int = 0
    fold: int | None = None
    n_folds: int | None = None


@dataclass(frozen=True)
class Task:
    """A corpus with labels.

    name (str): As in the command and in names of files.
    title (str): Over its table.
    unit (Literal): What carries a label: "documents" or "sentences".
    write (Callable): Writes train.spacy, dev.spacy and test.spacy of a split into a folder.
    in_folds (bool): Whether its splits are folds of one cross-validation, or splits with a seed each.
    trained_on (str | None): Name of the task whose pipelines are tested on this one; None: it trains its own.
    looked_for (str | None): The label that it is about, by whose average precision methods are ranked.
    passage (int | None): Encoders are trained on passages of so many sentences at most; None: on whole documents.
    """

    name: str
    title: str
    unit: Unit
    write: Callable[[Path, Split, Console], object]
    in_folds: bool = True
    trained_on: str | None = None
    looked_for: str | None = None
    passage: int | None = None

    @property
    def config(self) -> Path:
        """RETURNS (Path): The config that trains its encoders."""
        return CONFIGS[self.unit]
