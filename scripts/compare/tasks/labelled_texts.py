"""Documents with one label each, split so that no group is in two parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from rich.console import Console
from sklearn.model_selection import StratifiedGroupKFold
from spacy.tokens import Doc

from scripts.compare.tasks.task import Split
from scripts.corpus_files import Parts, blank_english, progress_bar, write_parts

DEV_FOLDS = 6  # of what is not test, one is dev


@dataclass(frozen=True)
class LabelledText:
    """One document.

    text (str): The whole of it.
    label (str): What is to be told.
    group (str): Documents of one group would give each other away.
    """

    text: str
    label: str
    group: str


def parts_of(labels: Sequence[str], groups: Sequence[str], split: Split) -> dict[str, numpy.ndarray]:
    """Deal whole groups into parts, with about the same labels in each.

    labels (Sequence[str]): Of each document (n_docs,).
    groups (Sequence[str]): Of each document (n_docs,).
    split (Split): Which fold is test.
    RETURNS (dict[str, numpy.ndarray]): Numbers of the documents of train, dev and test, ascending.
    """
    everything = numpy.arange(len(labels))
    test = _fold(everything, labels, groups, n_folds=split.n_folds or 5, fold=split.fold or 0, seed=split.seed)
    rest = numpy.setdiff1d(everything, test)
    dev = _fold(rest, labels, groups, n_folds=DEV_FOLDS, fold=0, seed=split.seed)
    return {"train": numpy.setdiff1d(rest, dev), "dev": dev, "test": test}


def _fold(
    chosen: numpy.ndarray, labels: Sequence[str], groups: Sequence[str], *, n_folds: int, fold: int, seed: int
) -> numpy.ndarray:
    folds = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    splits = folds.split(chosen, [labels[i] for i in chosen], [groups[i] for i in chosen])
    return chosen[list(splits)[fold][1]]


def write_texts(texts: Sequence[LabelledText], out: Path, split: Split, console: Console, *, name: str) -> Parts:
    """Write the parts of a split.

    texts (Sequence[LabelledText]): All documents, in an order that is always the same.
    out (Path): Folder for train.spacy, dev.spacy and test.spacy.
    split (Split): Which fold is test.
    console (Console): For the progress bar.
    name (str): Of the task.
    RETURNS (Parts): What was written.
    """
    labels = sorted({text.label for text in texts})
    nlp = blank_english()

    def make_doc(text: LabelledText) -> Doc:
        doc = nlp.make_doc(text.text)
        doc.cats = {label: float(label == text.label) for label in labels}
        return doc

    chosen = parts_of([text.label for text in texts], [text.group for text in texts], split)
    parts: dict[str, list[Doc]] = {}
    with progress_bar(console) as progress:
        for part, numbers in chosen.items():
            track = progress.track(numbers.tolist(), description=f"{name}, {part}")
            parts[part] = [make_doc(texts[i]) for i in track]
    write_parts(parts, out)
    return parts
