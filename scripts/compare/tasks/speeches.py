"""Convention speeches and the party of the speaker: 189 documents of some 800 words."""

from pathlib import Path

from rich.console import Console

from scripts.compare.tasks.task import Split, Task
from scripts.prepare_speeches import SPEECHES, prepare_speeches


def write(out: Path, split: Split, console: Console) -> object:
    """Write the parts of a split."""
    return prepare_speeches(
        SPEECHES, out, n_folds=split.n_folds, fold=split.fold or 0, seed=split.seed, console=console
    )


TASK = Task("speeches", "Convention speeches: the speaker's party, from the whole document", "documents", write)
