"""What is reading the whole document worth? HAT beside the same encoder without it, and beside words alone.

Every method runs on every split of every task: in folds, or once a seed. One JSON file a run is written to
results/compare as soon as the run ends, and a run whose file is there is not run again, so an interrupted comparison
goes on where it stopped. Delete the files to run it all anew.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from spacy.cli._util import setup_gpu

from scripts.compare.methods import METHODS
from scripts.compare.records import RECORDS, Run
from scripts.compare.report import SHARES, headers_of, markdown_report, read_results, report_rows, rich_table
from scripts.compare.runs import Place, perform
from scripts.compare.tasks.table import TASKS
from spacy_hat.machine.atomic_output import new_file

COMMAND = "python -m spacy project run compare"


def planned_runs(
    task: str,
    methods: list[str] | None,
    *,
    seeds: int,
    folds: int,
    first_folds: int,
    max_steps: int,
    shares: Sequence[float] = (1.0,),
    epochs: int = 0,
) -> list[Run]:
    """List the runs of a task, so that all methods are through a split before the next one begins.

    task (str): Name of the task.
    methods (list[str] | None): Names in METHODS, or None for all that the task has.
    seeds (int): Splits of tasks without folds, each with a seed of its own, from 0.
    folds (int): Folds of the others, all with seed 0.
    first_folds (int): Run only so many of the folds, 0 for all.
    max_steps (int): Training steps, 0 for those of the configs.
    shares (Sequence[float]): Of the documents of train that there are labels for.
    epochs (int): How often encoders read documents, 0 for the steps of the configs.
    RETURNS (list[Run]): The runs.
    """
    chosen = [method for method in METHODS[task] if methods is None or method in methods]
    if not TASKS[task].in_folds:
        splits = [{"seed": seed} for seed in range(seeds)]
    else:
        splits = [{"seed": 0, "fold": fold, "n_folds": folds} for fold in range(first_folds or folds)]
    return [
        Run(task, method, max_steps=max_steps, share=share, epochs=epochs, **split)
        for share in shares
        for split in splits
        for method in chosen
    ]


def check_names(tasks: list[str], methods: list[str]) -> None:
    """RAISES (typer.BadParameter): If a task or a method is not one of METHODS."""
    all_methods = {method for of_task in METHODS.values() for method in of_task}
    for names, known in ((tasks, set(METHODS)), (methods, all_methods)):
        if unknown := sorted(set(names) - known):
            raise typer.BadParameter(f"{unknown} cannot be compared. There are {sorted(known)}.")


def check_shares(shares: list[float]) -> None:
    """RAISES (typer.BadParameter): If the report has no column for a share of the labels."""
    if unknown := sorted(set(shares) - set(SHARES)):
        raise typer.BadParameter(f"{unknown} of the labels cannot be compared. There are {SHARES}.")


def main(
    task: Annotated[
        list[str] | None, typer.Option("--tasks", "--task", help=f"{', '.join(TASKS)}; without it all")
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option("--methods", "--method", help="A method by its name; without it all")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Seeds of tasks of sentences, for split and training")] = 3,
    folds: Annotated[int, typer.Option(help="Folds of tasks of documents")] = 5,
    first_folds: Annotated[int, typer.Option(help="Run only so many of the folds, 0 for all")] = 0,
    max_steps: Annotated[
        int, typer.Option(help="A trial of so many steps, not in the report; 0: as in the configs")
    ] = 0,
    share: Annotated[
        list[float] | None, typer.Option("--shares", "--share", help=f"Of the labels, {SHARES}; without it all of them")
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for the trained pipelines, 180 MB each")] = None,
    epochs: Annotated[
        int,
        typer.Option(help="How often encoders read documents, a row of its own in the report; 0: as in the configs"),
    ] = 0,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU for encoders, or -1 for the CPU")] = -1,
    report: Annotated[bool, typer.Option("--report", help="Only show the results that are there")] = False,
    out: Annotated[Path, typer.Option(help="Where the report goes, in Markdown")] = Path("docs/compare.md"),
) -> None:
    """Compare HAT with truncation, with independent segments, with isolated sentences and with TF-IDF."""
    console = Console()
    check_names(task or [], method or [])
    check_shares(share or [])
    options = {"seeds": seeds, "folds": folds, "first_folds": first_folds, "max_steps": max_steps}
    setup_gpu(gpu_id, silent=True)
    runs = [
        run
        for name in METHODS
        if not task or name in task
        for run in planned_runs(name, method, **options, shares=share or (1.0,), epochs=epochs)
    ]
    if not report:
        for i, run in enumerate(runs, start=1):
            console.rule(f"run {i} of {len(runs)}: {run.task}, {run.method}, seed {run.seed}, fold {run.fold}")
            if run.result.exists():
                console.print(f"done before: {run.result}")
            else:
                perform(run, console, Place(keep, gpu_id))
    for name, shown in TASKS.items():
        if results := read_results(RECORDS, name, max_steps=max_steps):
            console.print(rich_table(shown.title, headers_of(name), report_rows(results, name)))
    if not max_steps:
        with new_file(out) as file:
            file.write_text(markdown_report(RECORDS, COMMAND), encoding="utf8")
        console.print(f"Report in {out}")


if __name__ == "__main__":
    typer.run(main)
