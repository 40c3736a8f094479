"""Figures of annotating many documents, by the kernel and by Ray.

    python -m benchmarks.scale --json results/scale/scale.json
    python -m benchmarks.scale.page

The first makes every figure, 12 minutes on two cores with nothing else to do; the second writes them into
docs/scale.md. Runs that are in the file already are not made again, so with `--minutes 5` it can be made bit by bit: no
run takes more than two minutes. Each is a process of its own, held to as many cores as it has workers: a node of one
CPU has no other core for Ray's own processes.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from spacy_hat.annotation.windows import spans_of_budget

from .bench import save_blank, save_corpora, save_pipeline, save_waiting
from .figures import NEEDED, Runs, costs_of, marks_of, real_lengths
from .runs import CRUMBS
from .simulation import simulate

# Name -> what runs, its pipeline, the corpus, how many workers, and whether it is timed, and so made several times.
# Those that are compared stand beside each other.
RUNS = {
    "ray, 2, skewed": ("ray", "model", "skewed", 2, True),
    "bare, skewed": ("bare", "model", "skewed", 1, True),
    "kernel, 2, skewed": ("kernel", "model", "skewed", 2, True),
    "bare, 2, skewed": ("bare", "model", "skewed", 2, True),
    "ray": ("ray", "model", "even", 1, True),
    "bare": ("bare", "model", "even", 1, True),
    "kernel": ("kernel", "model", "even", 1, True),
    "ray, 2": ("ray", "model", "even", 2, True),
    "bare, 2": ("bare", "model", "even", 2, True),
    "kernel, 2": ("kernel", "model", "even", 2, True),
    "kernel, 4, waiting": ("waiting", "waiting", "long", 4, False),
    "ray, crumbs": ("crumbs", "blank", "even", 1, False),
    "reading": ("reading", "blank", "even", 1, False),
    "kernel, memory": ("kernel", "model", "memory", 1, False),
    "ray, memory": ("ray", "model", "memory", 1, False),
}
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
N_SIMULATED = 1_000_000
N_MEMORY = 20_000
DOCUMENTS = 6000
N_WAITING = 2000


def main(
    ctx: typer.Context,
    repeats: Repeats = 1,
    documents: Annotated[int, typer.Option(min=10, help="Documents of the timed corpus")] = DOCUMENTS,
    only: Annotated[list[str] | None, typer.Option(help="Only this run; may be given several times")] = None,
    minutes: Annotated[float, typer.Option(min=0, help="Begin no run after so many minutes")] = 60,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Make the runs that are missing, compare them, and simulate what one machine cannot run."""
    console = Console()
    known = json.loads(out.read_text(encoding="utf8")) if out is not None and out.is_file() else {}
    settings = {"documents": 40 if quick else documents, "memory": 200 if quick else N_MEMORY}
    if known.get("settings", settings) != settings:
        raise ValueError(
            f"{out} has runs of another corpus. Got: {settings}. Expected: {known['settings']}. Choose another file."
        )
    runs: Runs = known.get("runs", {})
    ends = time.monotonic() + 60 * minutes
    with TemporaryDirectory() as name:
        folder = Path(name)
        save_pipeline(folder, 32 if quick else 192)
        save_blank(folder)
        save_waiting(folder, 100 if quick else N_WAITING)
        sizes = save_corpora(folder, settings["documents"], settings["memory"])
        for _ in range(1 if quick else repeats):
            for run, (kind, pipeline, corpus, n_workers, is_timed) in RUNS.items():
                found = runs.setdefault(run, [])
                is_missing = len(found) < (repeats if is_timed and not quick else 1)
                if is_missing and run in (only or RUNS) and time.monotonic() < ends:
                    found.append(measure(folder, kind, pipeline, corpus, n_workers))
                    console.print(run, found[-1])
                    write_results(out, command_line(ctx, "scale"), {**known, **_figures(runs, settings)})
    figures = _figures(runs, settings)
    figures |= _simulations(figures["runs"], sizes, settings)
    write_results(out, command_line(ctx, "scale"), figures)
    _print(figures, console)


def measure(folder: Path, kind: str, pipeline: str, corpus: str, n_workers: int) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What `runs.run` has, of a fresh process."""
    words = [kind, str(folder), pipeline, corpus, str(n_workers)]
    command = [sys.executable, "-m", "benchmarks.scale.runs", *words]
    done = subprocess.run(command, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"date": time.strftime("%Y-%m-%d"), **found}


def _figures(runs: Runs, settings: dict[str, int]) -> dict[str, Any]:
    made = {name: runs[name] for name in RUNS if runs.get(name)}
    return {"settings": settings, "marks": marks_of(made), "runs": made}


def _simulations(runs: Runs, sizes: dict[str, list[int]], settings: dict[str, int]) -> dict[str, Any]:
    if not runs.keys() >= set(NEEDED):
        return {}
    costs = costs_of(runs, sizes, len(spans_of_budget(sizes["even"], CRUMBS)))
    n_docs = N_SIMULATED if settings["memory"] == N_MEMORY else 10_000
    return {"simulation": {kind: simulate(lengths, n_docs, costs) for kind, lengths in real_lengths().items()}}


def _print(figures: dict[str, Any], console: Console) -> None:
    marks = Table("", "")
    for name, value in figures["marks"].items():
        marks.add_row(name, f"{value:.3f}")
    console.print(marks)
    for kind, found in figures.get("simulation", {}).items():
        table = Table("workers", "hours", "efficiency", "because of", title=f"{found['documents']:,} documents: {kind}")
        for row in found["workers"]:
            hours = f"{row['seconds'] / 3600:.2f}"
            table.add_row(str(row["workers"]), hours, f"{row['efficiency']:.3f}", row["because of"] or "")
        console.print(table)


if __name__ == "__main__":
    typer.run(main)
