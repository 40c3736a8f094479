"""NumPy's reference and the section that each sentence is from: docstrings of some 250 words."""

from pathlib import Path

from rich.console import Console

from scripts.compare.tasks.task import Split, Task
from scripts.prepare_reference import prepare_reference


def write(out: Path, split: Split, console: Console) -> object:
    """Write the parts of a split."""
    return prepare_reference(out, seed=split.seed, console=console)


TASK = Task(
    "reference",
    "NumPy's reference: the section a sentence is from, sentence by sentence",
    "sentences",
    write,
    in_folds=False,
)
