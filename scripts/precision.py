"""What predicting in bfloat16 and in 8 bits costs in accuracy, on documents that a pipeline has not seen.

    python -m scripts.precision training/textcat/model-best=corpus/speeches/test.spacy \
        training/spancat/model-best=corpus/reference/test.spacy

Figures of pipelines of the same task are averaged, weighted by the documents or sentences that they are over.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from scripts.evaluate import predict
from scripts.scores import flat
from spacy_hat.machine.atomic_output import new_file
from spacy_hat.machine.processor import cpu_multiplies_bfloat16, describe_machine
from spacy_hat.modeling.int8 import multiplies_int8

COMMAND = "python -m scripts.precision"
EXACT = "float32"
OTHERS = ("bfloat16", "int8")


def native() -> list[str]:
    """RETURNS (list[str]): Precisions besides float32 that this CPU has instructions for."""
    has = {"bfloat16": cpu_multiplies_bfloat16(), "int8": multiplies_int8()}
    return [precision for precision in OTHERS if has[precision]]


def measure(model: Path, test: Path, console: Console, limit: int = 0) -> dict[str, Any]:
    """Score one pipeline in every precision.

    model (Path): Its folder.
    test (Path): Annotated documents, a .spacy file.
    console (Console): For progress bars.
    limit (int): At most so many documents; 0 for all.
    RETURNS (dict[str, Any]): Task, number of decisions, the accuracy in each precision, and under `equal` the share of
        decisions that are those of float32.
    """
    predicted = {
        precision: predict(model, test, limit=limit, precision=precision, console=console)
        for precision in (EXACT, *native())
    }
    scores = {precision: found.scores() for precision, found in predicted.items()}
    exact = flat(predicted[EXACT].found)
    equal = {
        precision: sum(a == b for a, b in zip(flat(found.found), exact, strict=True)) / len(exact)
        for precision, found in predicted.items()
        if precision != EXACT
    }
    accuracies = {precision: scores[precision]["accuracy"] for precision in predicted}
    about = {"model": str(model), "test": str(test), "task": scores[EXACT]["task"], "n": len(exact)}
    return {**about, **accuracies, "equal": equal}


def averages(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): One row for each task, over all decisions of its pipelines."""
    means = []
    for task in sorted({row["task"] for row in rows}):
        own = [row for row in rows if row["task"] == task]
        n = sum(row["n"] for row in own)
        mean: dict[str, Any] = {"task": task, "n": n}
        for precision in (EXACT, *others_of(own)):
            mean[precision] = sum(row[precision] * row["n"] for row in own) / n
        mean["equal"] = {
            precision: sum(row["equal"][precision] * row["n"] for row in own) / n for precision in others_of(own)
        }
        means.append(mean)
    return means


def others_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """RETURNS (list[str]): Precisions besides float32 that all rows have."""
    return [precision for precision in OTHERS if all(precision in row for row in rows)]


def cells(rows: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """YIELDS (list[str]): Name and decisions of each row, accuracy in float32, and for each other precision the points
    that it is above, and the share of equal decisions."""
    for row in rows:
        name = row.get("model", f"all of {row['task']}")
        cell = [name, f"{row['n']:,}", f"{row[EXACT]:.4f}"]
        for precision in others_of(rows):
            equal = row.get("equal", {}).get(precision)
            cell += [f"{100 * (row[precision] - row[EXACT]):+.2f}", "" if equal is None else f"{equal:.2%}"]
        yield cell


def headings(rows: Sequence[dict[str, Any]]) -> list[str]:
    """RETURNS (list[str]): What stands above `cells`, but for the name."""
    pairs = [(f"{precision}, points", f"{precision}, equal") for precision in others_of(rows)]
    return ["decisions", EXACT, *(heading for pair in pairs for heading in pair)]


def results_table(rows: Sequence[dict[str, Any]]) -> Table:
    """RETURNS (Table): Accuracy in float32, and what the others change."""
    rows = [*rows, *averages(rows)]
    table = Table("pipeline", *headings(rows))
    for row in cells(rows):
        table.add_row(*row)
    return table


def main(
    pairs: Annotated[list[str], typer.Argument(help="PIPELINE=DOCUMENTS: a folder, and a .spacy file")],
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures")] = None,
    limit: Annotated[int, typer.Option(help="At most so many documents of each, 0 for all")] = 0,
    add: Annotated[bool, typer.Option("--add", help="Keep the figures of other pipelines that the file has")] = False,
) -> None:
    """Compare predictions in float32 with those in bfloat16 and in 8 bits."""
    console = Console()
    if not native():
        raise typer.BadParameter(
            "This CPU multiplies neither bfloat16 nor 8-bit numbers natively, so all predictions would be in float32."
        )
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise typer.BadParameter(f"Expected PIPELINE=DOCUMENTS, got {wrong[0]}")
    rows = rows_of(out) if add else []
    for pipeline, _, documents in (pair.partition("=") for pair in pairs):
        rows = [row for row in rows if (row["model"], row["test"]) != (pipeline, documents)]
        rows.append(measure(Path(pipeline), Path(documents), console, limit))
        if out is not None:  # a long comparison may be cut
            write(out, rows, f"{COMMAND} {pairs[0]}" + (" …" if len(rows) > 1 else ""))
    console.print(results_table(rows))


def rows_of(out: Path | None) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): Figures of pipelines that a file has, if it is there."""
    return json.loads(out.read_text(encoding="utf8"))["pipelines"] if out is not None and out.exists() else []


def write(out: Path, rows: Sequence[dict[str, Any]], command: str) -> None:
    """Write the figures of pipelines, and their averages."""
    results = {"command": command, "machine": describe_machine(), "pipelines": rows, "averages": averages(rows)}
    with new_file(out) as file:
        file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    typer.run(main)
