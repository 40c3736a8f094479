"""One method of the comparison on one split of one corpus: prepare, warm start, train, evaluate, write the scores."""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from scripts.compare.checkpoints import SOURCE, checkpoint_of, run_spacy
from scripts.compare.chosen_sentences import Choice, write_chosen
from scripts.compare.document_baselines import DocumentBaseline, fit_baseline, gold_labels
from scripts.compare.heads import config_of_method, with_balanced_batches, with_passages
from scripts.compare.methods import (
    BY_UNIT,
    METHODS,
    TRUNCATED_PIECES,
    WITH_CHAIN,
    WITH_WORDS,
    Chained,
    Encoder,
    WithWords,
    Words,
)
from scripts.compare.records import Run, write_result
from scripts.compare.shares import HAVE_STEPS, steps_of_share, steps_of_task, write_share
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
from spacy_hat.modeling import load_tokenizer
from spacy_hat.packing import tokenize
from spacy_hat.training.balance import unequal_labels

Outcomes = dict[tuple[str, str], Predicted]
"""Name of the task that was tested on, name of the method -> its labels."""
# Among them, for what is trained: what it makes of the documents that it was chosen by.
DEV = "dev"


@dataclass(frozen=True)
class Place:
    """Where encoders are trained, and what becomes of them.

    keep (Path | None): Folder for the pipelines, where they are found again; None: they are deleted.
    gpu_id (int): The GPU, or -1 for the CPU.
    """

    keep: Path | None = None
    gpu_id: int = -1


HERE = Place()


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


def training_command(
    run: Run, encoder: Encoder, *, corpus: Path, hat: Path, output: Path, gpu_id: int = -1
) -> list[str]:
    """Arguments of `python -m spacy` that train one run.

    run (Run): Has task, seed and steps.
    encoder (Encoder): Has overrides.
    corpus (Path): Folder of train and dev.
    hat (Path): The checkpoint to start from.
    output (Path): For model-best and model-last; its config stands beside it.
    gpu_id (int): The GPU, or -1 for the CPU.
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
    return ["train", str(output.with_suffix(".cfg")), "--output", str(output), "--gpu-id", str(gpu_id), *options]


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
    looked_for = TASKS[run.task].looked_for
    model = fit(train, dev, words.classifier, looked_for)
    outcomes: Outcomes = {}
    for task, path in tests.items():
        test = read(path)
        found = by_words(model, test, looked_for)
        if TASKS[task].unit == "documents":
            found = of_whole(found, path)
        outcomes[task, run.method] = found
        if run.method + WITH_CHAIN in METHODS[task]:
            outcomes[task, run.method + WITH_CHAIN] = by_words_in_chain(model, train, dev, test, looked_for)
    return outcomes


def run_baseline(run: Run, baseline: DocumentBaseline, corpus: Path, tests: dict[str, Path]) -> Outcomes:
    """Train and test on a corpus what reads documents without training an encoder."""
    label = fit_baseline(baseline, corpus, lambda layout: checkpoint_of(Encoder(layout)), run.seed)
    tokenizer = load_tokenizer(SOURCE)
    outcomes: Outcomes = {}
    for task, path in tests.items():
        docs = read_docs(path)
        n_pieces = [len(tokenize(doc, tokenizer)) for doc in docs]
        gold, found = gold_labels(docs), label(docs)
        outcomes[task, run.method] = Predicted([[one] for one in gold], [[one] for one in found], n_pieces)
    return outcomes


def chosen_corpus(corpus: Path, choice: Choice, seed: int) -> Path:
    """RETURNS (Path): The folder of the same documents, shortened; made unless it is there."""
    folder = corpus.with_name(f"{corpus.name}-{choice}")
    if not (folder / "test.spacy").exists():
        tokenizer = load_tokenizer(SOURCE)
        write_chosen(corpus, folder, choice, tokenizer=tokenizer, n_pieces=TRUNCATED_PIECES, seed=seed)
    return folder


def of_whole(found: Predicted, test: Path) -> Predicted:
    """RETURNS (Predicted): Labels of documents that were read shortened, with the lengths that they have."""
    tokenizer = load_tokenizer(SOURCE)
    return replace(found, n_pieces=[len(tokenize(doc, tokenizer)) for doc in read_docs(test)])


def run_encoder(
    run: Run, encoder: Encoder, corpus: Path, tests: dict[str, Path], console: Console, place: Place
) -> Outcomes:
    """Train and test an encoder on a corpus. The pipelines, of 180 MB each, are deleted if they are not to be kept."""
    keep, gpu = place.keep, ["--gpu-id", str(place.gpu_id)]
    whole = tests
    if encoder.chosen is not None:
        whole, corpus = {**tests, DEV: corpus / "dev.spacy"}, chosen_corpus(corpus, encoder.chosen, run.seed)
        tests = {run.task: corpus / "test.spacy"}
    output = Path("training/compare") / run.name
    output.parent.mkdir(parents=True, exist_ok=True)
    task = TASKS[run.task]
    config = config_of_method(task.config, task.unit, encoder.chain, encoder.words)
    if task.unit == "documents" and task.name not in HAVE_STEPS and unequal_labels(["textcat"], corpus / "train.spacy"):
        config = with_balanced_batches(config)
    if task.passage is not None:
        config = with_passages(config, task.passage)
    config.to_disk(output.with_suffix(".cfg"))
    kept = keep / run.name if keep is not None else None
    if kept is None or not kept.exists():
        steps = steps_of_task(task, corpus / "train.spacy", encoder.epochs, run.epochs)
        encoder = replace(encoder, overrides={**steps, **encoder.overrides})
        places = {"corpus": corpus, "hat": checkpoint_of(encoder), "output": output}
        run_spacy(training_command(run, encoder, **places, gpu_id=place.gpu_id))
    models = {run.method: output / "model-best" if kept is None or not kept.exists() else kept}
    for addition in (WITH_CHAIN, WITH_WORDS):
        if run.method + addition in METHODS[run.task]:
            parts = [str(corpus / "dev.spacy"), str(output / "calibrated"), "--train", str(corpus / "train.spacy")]
            run_spacy(["hat", "calibrate", str(models[run.method]), *parts, *gpu, "--force"])
            models[run.method + addition] = output / "calibrated"
    tests = {**tests, DEV: corpus / "dev.spacy"}
    outcomes = {
        (name, method): predict(model, test, looked_for=task.looked_for, console=console)
        for name, test in tests.items()
        for method, model in models.items()
    }
    if encoder.chosen is not None:
        outcomes = {(name, method): of_whole(found, whole[name]) for (name, method), found in outcomes.items()}
    if kept is not None and not kept.exists():
        shutil.copytree(output / "model-best", kept)
    shutil.rmtree(output, ignore_errors=True)
    return outcomes


def perform(run: Run, console: Console, place: Place = HERE) -> None:
    """Run one method on one split, and write its scores where `run.result` says.

    What was trained is tested with a chain or with words, and on the tasks that test it, as well: those results are
    written too, unless they are there.

    run (Run): Which.
    console (Console): For progress bars.
    place (Place): Where encoders are trained, and what becomes of them.
    """
    task = trained_task(run.task)
    method = METHODS[task.name][run.method]
    base = replace(run, task=task.name, method=method.base if isinstance(method, Chained | WithWords) else run.method)
    corpus, tests = prepared_corpus(task, base, console), tests_of(base, console)
    found = place.keep is not None and (place.keep / base.name).exists()
    started = time.monotonic()
    trained = BY_UNIT[task.unit][base.method]
    if isinstance(trained, Words):
        outcomes = run_words(base, trained, corpus, tests)
    elif isinstance(trained, Encoder):
        outcomes = run_encoder(base, trained, corpus, tests, console, place)
    else:
        outcomes = run_baseline(base, trained, corpus, tests)
    # A pipeline that was found where it is kept was trained before.
    minutes = None if found else round((time.monotonic() - started) / 60, 1)
    dev_scores = {method: outcomes.pop((DEV, method)).scores() for name, method in [*outcomes] if name == DEV}
    for (name, method_name), predicted in outcomes.items():
        done = replace(base, task=name, method=method_name)
        if not done.result.exists():
            write_result(done, predicted, minutes, dev_scores.get(method_name), gpu_id=place.gpu_id)
