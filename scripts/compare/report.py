"""The results of the comparison as a table: of rich for the terminal, of Markdown for the documentation."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
from rich.table import Table

from scripts.compare.methods import METHODS
from scripts.compare.paired import Difference, pooled_difference
from scripts.compare.ranked import precision_difference
from scripts.compare.tasks.table import TASKS
from scripts.scores import LONG_DOCUMENT
from tools.markdown_table import markdown_table as titled_table

Result = dict[str, Any]
Compared = Callable[[Sequence[Result], Sequence[Result]], Difference | None]

OURS = {"documents": "HAT, identity start + words", "sentences": "HAT, LSTM and chain learned with it"}
"""What the others are compared with."""


PAIRED = "Points of accuracy by which {ours} is better, on the documents of the runs that both have:"
RANKED = (
    "Points of average precision of the label '{label}' by which {ours} is better, documents drawn again and again:"
)
SHARES = (0.1, 0.3, 1.0)
"""Of the labels, that methods are compared with."""

PAIRED_HEADERS = ("points", "95% interval over documents", "p (McNemar)", "documents")
RANKED_HEADERS = (*PAIRED_HEADERS[:2], "p (bootstrap)", PAIRED_HEADERS[3])


def headers_of(task: str) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): What the columns of a task's table of results hold, after the name of the method."""
    first = () if TASKS[task].looked_for is None else ("average precision",)
    by_length = ("accuracy, long documents", "accuracy, others") if TASKS[task].unit == "documents" else ()
    return (*first, "accuracy", "macro-F1", *by_length, "minutes", "runs")


def read_results(folder: Path, task: str, *, max_steps: int = 0, share: float = 1.0) -> dict[str, list[Result]]:
    """Read what runs have written.

    folder (Path): Of JSON files.
    task (str): Name of the task.
    max_steps (int): Read trials of so many steps, or with 0 full runs.
    share (float): Read runs that had so many of the labels.
    RETURNS (dict[str, list[Result]]): The results of each method that has some, ordered by seed and fold; those that
        were trained for other epochs than the config's, by a name of their own.
    """
    results = [json.loads(path.read_text(encoding="utf8")) for path in sorted(folder.glob(f"{task}-*.json"))]
    results.sort(key=lambda result: (result["seed"], result["fold"] or 0))
    results = [result for result in results if (result["max_steps"], result.get("share", 1.0)) == (max_steps, share)]
    ways = [(method, epochs) for method in METHODS[task] for epochs in sorted({_epochs(result) for result in results})]
    by_way = {way: [result for result in results if (result["method"], _epochs(result)) == way] for way in ways}
    return {
        f"{method}, {epochs} epochs" if epochs else method: found for (method, epochs), found in by_way.items() if found
    }


def _epochs(result: Result) -> int:
    """How often documents were read, where that is not what the config says; 0 where it is."""
    return int(result.get("epochs", 0))


def mean_and_spread(values: Sequence[float | None]) -> str:
    """Mean and, of several values, sample standard deviation: "0.912 ± 0.031". Values that were not kept are None."""
    kept = [value for value in values if value is not None]
    if not kept:
        return ""
    spread = f" ± {numpy.std(kept, ddof=1):.3f}" if len(kept) > 1 else ""
    return f"{numpy.mean(kept):.3f}{spread}"


def pooled_accuracy(results: Sequence[Result], group: str) -> str:
    """Accuracy over the documents of all runs that are "long" or "other"; a run may have few of them.

    results (Sequence[Result]): The runs of one method.
    group (str): "long" or "other".
    RETURNS (str): Accuracy and number of documents.
    """
    kept = [result for result in results if result.get(f"n_{group}")]
    n_docs = sum(result[f"n_{group}"] for result in kept)
    right = sum(result[f"n_{group}"] * result[f"accuracy_{group}"] for result in kept)
    return f"{right / n_docs:.3f} of {n_docs}" if n_docs else ""


def mean_minutes(runs: Sequence[Result]) -> str:
    """RETURNS (str): What a run takes, training and tests; empty for runs that did not note it."""
    minutes = [run["minutes"] for run in runs if run.get("minutes") is not None]
    return f"{numpy.mean(minutes):.1f}" if minutes else ""


def report_rows(results: dict[str, list[Result]], task: str) -> list[list[str]]:
    """Summarise the runs of each method.

    results (dict[str, list[Result]]): From `read_results`.
    task (str): Name of the task.
    RETURNS (list[list[str]]): A row for each method: its name, then what `headers_of` names. If the task looks for one
        label, the best comes first.
    """
    rows = []
    metrics: tuple[str, ...] = ("accuracy", "macro_f1")
    if TASKS[task].looked_for is not None:
        metrics = ("average_precision", *metrics)
        results = dict(sorted(results.items(), key=lambda item: -_mean_precision(item[1])))
    for method, runs in results.items():
        row = [method, *(mean_and_spread([run.get(metric) for run in runs]) for metric in metrics)]
        if TASKS[task].unit == "documents":
            row += [pooled_accuracy(runs, "long"), pooled_accuracy(runs, "other")]
        rows.append([*row, mean_minutes(runs), str(len(runs))])
    return rows


def _mean_precision(runs: Sequence[Result]) -> float:
    kept = [run["average_precision"] for run in runs if "average_precision" in run]
    return float(numpy.mean(kept)) if kept else -1.0


def paired_rows(results: dict[str, list[Result]], ours: str, compared: Compared = pooled_difference) -> list[list[str]]:
    """Compare one method with each other one, on what both were tested on.

    results (dict[str, list[Result]]): From `read_results`.
    ours (str): The method.
    compared (Callable): By accuracy, or by average precision.
    RETURNS (list[list[str]]): A row for each other: its name, by how much ours is better, interval, p and documents.
    """
    rows = []
    for method, runs in results.items():
        found = compared(results.get(ours, []), runs) if method != ours else None
        if found is not None:
            interval = f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"
            p = "< 0.001" if found.p < 0.001 else f"{found.p:.3f}"
            rows.append([method, f"{100 * found.gain:+.1f}", interval, p, str(found.n_docs)])
    return rows


def run_rows(results: dict[str, list[Result]]) -> tuple[list[str], list[list[str]]]:
    """Accuracy of every single run, so that a reader sees what noise there is.

    results (dict[str, list[Result]]): From `read_results`.
    RETURNS (tuple[list[str], list[list[str]]]): Names of the splits, and a row for each method.
    """
    accuracies = {
        method: {split_name(run): f"{run['accuracy']:.3f}{precision_mark(run)}" for run in runs}
        for method, runs in results.items()
    }
    splits = list(dict.fromkeys(split for found in accuracies.values() for split in found))
    return splits, [[method, *(found.get(split, "") for split in splits)] for method, found in accuracies.items()]


def curve_rows(folder: Path, task: str) -> tuple[list[str], list[list[str]]]:
    """What methods are worth with few labels, of those that were run with few.

    folder (Path): Of JSON files.
    task (str): Name of the task.
    RETURNS (tuple[list[str], list[list[str]]]): The shares of labels, and a row for each method: accuracy and macro-F1.
    """
    found = {share: results for share in SHARES if (results := read_results(folder, task, share=share))}
    if set(found) <= {1.0}:
        return [], []
    methods = dict.fromkeys(method for share in found if share < 1.0 for method in found[share])
    rows = [[method, *(_both_scores(found[share].get(method, [])) for share in found)] for method in methods]
    return [f"{share:.0%}" for share in found], rows


def _both_scores(runs: Sequence[Result]) -> str:
    """ "0.890 / 0.812", the means; empty without runs."""
    if not runs:
        return ""
    return " / ".join(f"{numpy.mean([run[metric] for run in runs]):.3f}" for metric in ("accuracy", "macro_f1"))


def split_name(result: Result) -> str:
    """ "seed 0, fold 1", or "seed 0" without folds."""
    return f"seed {result['seed']}" + ("" if result["fold"] is None else f", fold {result['fold']}")


def precision_mark(result: Result) -> str:
    """What tells a run in half precision from the others."""
    if result.get("gpu"):
        return " (GPU)"
    return " (bf16)" if result.get("bfloat16") and "TF-IDF" not in result["method"] else ""


def rich_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table for the terminal, methods in its first column."""
    table = Table("", *headers, title=title)
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same table in Markdown."""
    return titled_table(("", *headers), rows)


def markdown_report(folder: Path, command: str) -> str:
    """All results as a page of documentation.

    folder (Path): Of JSON files.
    command (str): That makes them, to print on the page.
    RETURNS (str): The page.
    """
    parts = ["# What reading the whole document is worth", f"Made by `{command}` of the runs in `results/compare/`."]
    parts.append(
        f"Mean ± standard deviation over runs. Long documents have more than {LONG_DOCUMENT:,} pieces; their accuracy "
        "and that of the others is over the documents of all runs. Methods with fewer runs were not run on every "
        "split: compare them within a column of the table of single runs. Training was in bfloat16 where a run says so "
        "(on a CPU that multiplies it natively), in float16 on a GPU, and in float32 elsewhere."
    )
    for name, task in TASKS.items():
        results = read_results(folder, name)
        if results:
            splits, singles = run_rows(results)
            parts += [f"## {task.title}", markdown_table(headers_of(name), report_rows(results, name))]
            ours, label = OURS[task.unit], task.looked_for
            if label is not None and (ranked := paired_rows(results, ours, precision_difference)):
                parts += [RANKED.format(ours=ours, label=label), markdown_table(RANKED_HEADERS, ranked)]
            if paired := paired_rows(results, ours):
                parts += [PAIRED.format(ours=ours), markdown_table(PAIRED_HEADERS, paired)]
            parts += ["Accuracy of each run:", markdown_table(splits, singles)]
        shares, curves = curve_rows(folder, name)
        if curves:
            parts += [
                "With labels for some of the documents only, accuracy and macro-F1:",
                markdown_table(shares, curves),
            ]
    return "\n\n".join(parts) + "\n"
