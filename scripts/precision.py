"""What predicting in bfloat16 costs in accuracy, on documents that a pipeline has not seen.

    python -m scripts.precision training/textcat/model-best=corpus/speeches/test.spacy \
        training/spancat/model-best=corpus/reference/test.spacy

Figures of pipelines of the same task are averaged, weighted by the documents or sentences that they are over.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from scripts.evaluate import evaluate
from spacy_hat.machine.atomic_output import new_file
from spacy_hat.machine.processor import cpu_multiplies_bfloat16, describe_machine

COMMAND = "python -m scripts.precision"
PRECISIONS = ("float32", "bfloat16")


def measure(model: Path, test: Path, console: Console, limit: int = 0) -> dict[str, Any]:
    """Score one pipeline in both precisions.

    model (Path): Its folder.
    test (Path): Annotated documents, a .spacy file.
    console (Console): For progress bars.
    limit (int): At most so many documents; 0 for all.
    RETURNS (dict[str, Any]): Task, number of decisions, and the accuracy in each precision.
    """
    scores = {
        precision: evaluate(model, test, limit=limit, precision=precision, console=console) for precision in PRECISIONS
    }
    first = scores[PRECISIONS[0]]
    n_decisions = first.get("n_sents", first["n_docs"])
    accuracies = {precision: scores[precision]["accuracy"] for precision in PRECISIONS}
    return {"model": str(model), "test": str(test), "task": first["task"], "n": n_decisions, **accuracies}


def averages(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): One row for each task, over all decisions of its pipelines."""
    means = []
    for task in sorted({row["task"] for row in rows}):
        own = [row for row in rows if row["task"] == task]
        n = sum(row["n"] for row in own)
        means.append({"task": task, "n": n, **{p: sum(row[p] * row["n"] for row in own) / n for p in PRECISIONS}})
    return means


def results_table(rows: Sequence[dict[str, Any]]) -> Table:
    """RETURNS (Table): Accuracy in both precisions, and the difference in points."""
    table = Table("pipeline", "decisions", *PRECISIONS, "points")
    for row in [*rows, *averages(rows)]:
        points = 100 * (row["bfloat16"] - row["float32"])
        name = row.get("model", f"all of {row['task']}")
        table.add_row(name, str(row["n"]), f"{row['float32']:.4f}", f"{row['bfloat16']:.4f}", f"{points:+.2f}")
    return table


def main(
    pairs: Annotated[list[str], typer.Argument(help="PIPELINE=DOCUMENTS: a folder, and a .spacy file")],
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures")] = None,
    limit: Annotated[int, typer.Option(help="At most so many documents of each, 0 for all")] = 0,
) -> None:
    """Compare predictions in float32 and bfloat16."""
    console = Console()
    if not cpu_multiplies_bfloat16():
        raise typer.BadParameter("This CPU does not multiply bfloat16 natively, so predictions would be in float32.")
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise typer.BadParameter(f"Expected PIPELINE=DOCUMENTS, got {wrong[0]}")
    split = [pair.partition("=") for pair in pairs]
    rows = [measure(Path(pipeline), Path(documents), console, limit) for pipeline, _, documents in split]
    console.print(results_table(rows))
    if out is not None:
        with new_file(out) as file:
            more = " …" if len(pairs) > 1 else ""
            about = {"command": f"{COMMAND} {pairs[0]}{more}", "machine": describe_machine()}
            results = about | {"pipelines": rows, "averages": averages(rows)}
            file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    typer.run(main)
