"""scikit-learn's reference, never trained on: what a model of NumPy's reference makes of other people's docstrings.

Train and dev are NumPy's, so that words know as much as encoders do. Docstrings that share much of their wording with
one of NumPy's, and labels that NumPy's reference does not have, are left out of the test part.
"""

from pathlib import Path

import sklearn
from rich.console import Console
from spacy.pipeline import Sentencizer

from scripts.compare.tasks.task import Split, Task
from scripts.corpus_files import blank_english, progress_bar, write_parts
from scripts.numpy_reference import read_reference, twin_groups
from scripts.prepare_reference import make_doc, prepare_reference

N_DOCS = 200


def write(out: Path, split: Split, console: Console) -> object:
    """Write NumPy's train and dev, and scikit-learn's docstrings as test."""
    parts = prepare_reference(out, seed=split.seed, console=console)
    known = {span.label_ for doc in parts["train"] for span in doc.spans["sc"]}
    with console.status("reading scikit-learn's reference"):
        ours, theirs = read_reference(), read_reference(sklearn)
        groups = twin_groups([*ours, *theirs])
        seen = set(groups[: len(ours)].tolist())
        new = [entry for entry, group in zip(theirs, groups[len(ours) :].tolist(), strict=True) if group not in seen]
        firsts = {group: i for i, group in reversed(list(enumerate(twin_groups(new).tolist())))}
        new = [new[i] for i in sorted(firsts.values())]  # one of each group of twins
        new = [entry for entry in new if {paragraph.label for paragraph in entry.paragraphs} <= known]
    nlp, sentencizer = blank_english(), Sentencizer()
    # Evenly over the alphabet of names, hence over modules.
    chosen = new[:: max(1, len(new) // N_DOCS)][:N_DOCS]
    with progress_bar(console) as progress:
        track = progress.track(chosen, description="scikit-learn, test")
        parts["test"] = [make_doc(entry.paragraphs, nlp, sentencizer) for entry in track]
    write_parts(parts, out)
    return parts


TASK = Task(
    "transfer",
    "scikit-learn's reference, trained on NumPy's: the section a sentence is from",
    "sentences",
    write,
    in_folds=False,
    trained_on="reference",
)
