"""`python -m spacy hat annotate`: a corpus of any size through a pipeline, every row once, into a folder of shards."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..choices import Format
from . import screen
from .annotate_ray import check_ray_options, on_ray
from .command import command
from .rate import Rate

if TYPE_CHECKING:
    from ..annotation.run import Report

INPUT_HELP = "Documents in any form that `convert` reads (.parquet, .jsonl, .csv, .spacy, .txt, …), or a folder of them"
OUTPUT_HELP = "Folder of shards; those that are there already stay, so a run that was stopped goes on"
ID_HELP = "Column or key with the id [default: id; the name of a file of text; else the place of the row]"
SHARD_HELP = "Do only this share of the shards, such as 3/64: for jobs that share the work"
MAX_LENGTH_HELP = """\
Characters that a text may have [default: what the pipeline allows; 100 million without spaCy's parser and ner]"""
VECTORS_HELP = "Give vectors of each document and of its sentences"
EXPLAIN_HELP = "Give so many sentences that speak most for the label of each document; slow"
BUDGET_HELP = "Characters of the documents that each process has in memory at once; one document may be longer"
PROCESS_HELP = (
    "Processes, each with a pipeline of its own, that share the cores [default: 1; with --ray, one for each CPU]"
)
RAY_HELP = "Let Ray do it: on this machine, or at an address such as auto or ray://head:10001"
GPUS_HELP = "With --ray: GPUs of each process; a fraction where several share one"
FAILED = 1
UNREADABLE = 2
LISTED = 20
CUT_SHORT = "The shard in which that is was not written."
CUT_SHORT_BY_RAY = "The documents before that were written."


@command("Cannot annotate {source}", status=UNREADABLE)
def annotate_cli(
    model: Annotated[str, typer.Argument(help="Folder or name of a trained pipeline")],
    source: Annotated[Path, typer.Argument(metavar="INPUT", help=INPUT_HELP)],
    output: Annotated[Path, typer.Argument(help=OUTPUT_HELP)],
    format_: Annotated[Format, typer.Option("--format", help="What is written")] = "parquet",
    text: Annotated[str, typer.Option(help="Column or key with the text")] = "text",
    id_: Annotated[str | None, typer.Option("--id", help=ID_HELP)] = None,
    shard: Annotated[str, typer.Option(help=SHARD_HELP)] = "1/1",
    shard_size: Annotated[int, typer.Option(min=1, help="Documents of a shard")] = 1000,
    max_length: Annotated[int | None, typer.Option(min=1, help=MAX_LENGTH_HELP)] = None,
    vectors: Annotated[bool, typer.Option("--vectors", help=VECTORS_HELP)] = False,
    explain: Annotated[int, typer.Option(min=0, help=EXPLAIN_HELP)] = 0,
    component: Annotated[
        str | None, typer.Option(help="With --explain: the classifier's name, if there are several")
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help=BUDGET_HELP)] = 200_000,
    n_process: Annotated[int | None, typer.Option("--n-process", "-n", min=1, help=PROCESS_HELP)] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU, or -1 for the CPU")] = -1,
    ray: Annotated[str | None, typer.Option("--ray", metavar="[ADDRESS]", help=RAY_HELP)] = None,
    gpus_per_actor: Annotated[float, typer.Option(min=0, help=GPUS_HELP)] = 0,
    code: Annotated[Path | None, typer.Option("--code", "-c", help="Python file to import first")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Start over: remove annotations that are there")] = False,
) -> None:
    """
    Annotate documents, and write one row for each: id, cats, spans, ents, error, and the columns that it had.

    A document that cannot be annotated has the reason in `error`, and the rest goes on. The exit status is 0 if there
    was no such document, 1 if there was, and 2 if the run could not be finished.

    Example: python -m spacy hat annotate training/textcat/model-best speeches annotated

    In a Slurm array of 64 jobs: ... --shard $SLURM_ARRAY_TASK_ID/64

    On all cores, by Ray: ... --ray
    """
    number, of = _share(shard)
    if force and of > 1:
        raise ValueError(
            "--force and --shard do not go together: each job would remove what the others made. Remove the folder "
            "before the jobs start, or choose another."
        )
    check_ray_options(ray, shard, gpu_id, gpus_per_actor)
    if (n_process or 1) > 1 and gpu_id < 0 and ray is None:
        from ..annotation.child import begin_server

        begin_server()
    with screen.status(f"Loading {model}"):
        from ..annotation.annotator import Task
        from ..annotation.parts import Share
        from ..annotation.run import Plan, annotate
        from ..explanations.evidence import Evidence

    task = Task(model, format_, max_length, vectors, Evidence(explain, component) if explain else None, code, gpu_id)
    plan = Plan(text, id_, Share(number, of), shard_size, budget, n_process or 1)
    run = annotate if ray is None else on_ray(ray, n_process, gpus_per_actor)
    with Rate() as rate:
        report = run(source, output, task, plan, force=force, on_start=rate.start, on_progress=rate.advance)
    print_report(report, output, CUT_SHORT if ray is None else CUT_SHORT_BY_RAY)
    if report.unreadable and not (report.n_shards or report.n_done):
        raise typer.Exit(UNREADABLE)
    if report.failed or report.unreadable:
        raise typer.Exit(FAILED)


def print_report(report: "Report", output: Path, cut_short: str) -> None:
    """Print what was written, a list of what failed, and what became of files that could not be read to their ends."""
    if report.n_done:
        screen.info(f"{report.n_done:,} shards were there already.")
    screen.good(f"Saved {report.n_docs:,} documents in {report.n_shards:,} shards to {output}")
    if report.failed:
        screen.warn(f"{len(report.failed):,} documents failed; the column `error` says why:")
        screen.table([(name, error[:200]) for name, error in report.failed[:LISTED]], ("id", "error"))
        if len(report.failed) > LISTED:
            screen.line(f"… and {len(report.failed) - LISTED:,} more: {output / '_errors'}")
    for reason in report.unreadable:
        screen.bad(f"{reason} {cut_short}")


def _share(shard: str) -> tuple[int, int]:
    """RETURNS (tuple[int, int]): Number, and how many there are. RAISES (ValueError): If it is something else."""
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(
            f"--shard is {shard!r}. Expected: a number from 1, and how many there are, such as 3/64. Jobs that are "
            "counted from 0 need one more: --shard $((SLURM_ARRAY_TASK_ID + 1))/64"
        )
    return int(match[1]), int(match[2])
