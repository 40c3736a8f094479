"""A part of the labels of a corpus: what methods are worth to somebody who has few."""

from pathlib import Path

import numpy
from thinc.api import Config

from scripts.compare.tasks.task import Task, Unit
from scripts.compare.text_baselines import read_docs
from scripts.corpus_files import write_parts
from scripts.prepare_reference import SPANS_KEY
from spacy_hat.corpora.doc_bins import count_docs
from spacy_hat.corpora.passages import passages
from spacy_hat.training.steps import SENTENCE_EPOCHS, Steps

HAVE_STEPS = ("speeches", "reference")
"""Tasks that a shipped config is for."""
LEAST_STEPS = 1 / 3  # of the config's: few documents are read more often


def write_share(corpus: Path, out: Path, *, share: float, seed: int) -> None:
    """Draw some of the documents to train on. Those of dev and test stay.

    corpus (Path): Folder of train, dev and test.
    out (Path): Folder for the same with fewer documents in train.
    share (float): How many of them, at most 1.0; at least one is left.
    seed (int): Which of them. A larger share has all documents of a smaller one.
    """
    parts = {part: read_docs(corpus / f"{part}.spacy") for part in ("train", "dev", "test")}
    order = numpy.random.default_rng(seed).permutation(len(parts["train"]))
    chosen = sorted(order[: max(1, round(share * len(order)))])
    write_parts({**parts, "train": [parts["train"][i] for i in chosen]}, out)


def steps_of_task(task: Task, train: Path, epochs: int, asked: int = 0) -> dict[str, str]:
    """How long to train on a task, if its config does not say it.

    The shipped configs are for the speeches and for NumPy's reference. With the steps of 450 docstrings, 58 episodes of
    580 sentences would be read 23 times.

    task (Task): The task.
    train (Path): Its training part, a .spacy file.
    epochs (int): How often to read documents that have one label each; those whose sentences have labels are read as
        often as `init-config` says, six times, but never for less than 200 steps.
    asked (int): How often somebody wants to have them read, 0 if nobody said it.
    RETURNS (dict[str, str]): Overrides.
    """
    if task.name in HAVE_STEPS and not asked:
        return {}
    usual = epochs if task.unit == "documents" else SENTENCE_EPOCHS
    n_docs = count_docs(train) if task.passage is None else count_passages(train, task.passage)
    return steps_of_corpus(n_docs, asked or usual, task.unit)


def count_passages(train: Path, n_sentences: int) -> int:
    """RETURNS (int): Passages of so many sentences at most, into which a .spacy file is cut."""
    return sum(1 for doc in read_docs(train) for _ in passages(doc, n_sentences, SPANS_KEY))


def steps_of_corpus(n_docs: int, epochs: int, unit: Unit) -> dict[str, str]:
    """How long to train on a corpus, and at which rate, as `init-config` has it.

    n_docs (int): Documents, or passages, to train on.
    epochs (int): How often to read each of them.
    unit (Unit): What has a label.
    RETURNS (dict[str, str]): Overrides.
    """
    steps = Steps.for_corpus(n_docs, epochs)
    optimizer = "training.optimizer"
    rate = steps.encoder_rate(["textcat" if unit == "documents" else "spancat_singlelabel"])
    return {
        "training.max_steps": str(steps.max_steps),
        "training.eval_frequency": str(steps.eval_frequency),
        f"{optimizer}.learn_rate.warmup_steps": str(steps.warmup_steps),
        f"{optimizer}.encoder_learn_rate.warmup_steps": str(steps.warmup_steps),
        f"{optimizer}.encoder_learn_rate.initial_rate": rate,
    }


def steps_of_share(config: Path, share: float) -> dict[str, str]:
    """How long to train on some of the documents: as many epochs as on all, but no less than a third of the steps.

    config (Path): That trains on all.
    share (float): How many of the documents.
    RETURNS (dict[str, str]): Overrides; none for all documents.
    """
    if share == 1.0:
        return {}
    training = Config().from_disk(config, interpolate=False)["training"]
    n_steps = round(training["max_steps"] * max(share, LEAST_STEPS))
    frequency = round(n_steps * training["eval_frequency"] / training["max_steps"])
    return {"training.max_steps": str(n_steps), "training.eval_frequency": str(max(1, frequency))}
