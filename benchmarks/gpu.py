"""Ours on a GPU, against what a user would run there: predictions, training steps, memory, and a whole pipeline.

    python -m benchmarks.gpu --json results/performance/gpu.json

First of all, outputs and gradients are compared with those of a CPU. Every figure is written as soon as it is measured.
What fails, such as for want of memory, is named with its error, and the rest goes on; so is what --limit leaves no time
for. The parts that matter most come first. CuPy is needed for the pipeline alone; the package flash-attn for one peer.
"""

import gc
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import torch
import transformers
import typer
from rich.console import Console

from benchmarks import gpu_works
from benchmarks.gpu_checks import CASES, Checks
from benchmarks.gpu_encoders import Encoders, Setting
from benchmarks.gpu_pipeline import SIZES, measure
from benchmarks.results import Json, Quick, command_line, write_results
from benchmarks.timing import Key, Work, seconds_of
from spacy_hat.machine.memory import MB, memory_now, watch_peak

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()
PARTS = ("checks", "predict", "training", "memory", "pipeline")
Row = dict[str, Any]
# Of each work: runs at most, and at least if it is slow, and the seconds that they may take together.
MOST_RUNS, FEWEST_RUNS, ENOUGH_SECONDS = 5, 3, 0.6
# A work that takes so long has warmed up after one run.
SLOW = 0.25


class Figures:
    """What was measured so far, in a file that is whole after each figure.

    out (Path | None): The file; None: nowhere.
    command (str): What made it.
    about (Row): What else is to be known of all figures.
    limit (float): Seconds from now on, after which nothing new begins.
    """

    def __init__(self, out: Path | None, command: str, about: Row, limit: float) -> None:
        self.out, self.command, self.about = out, command, about
        self.rows: list[Row] = []
        self.failed: list[Row] = []
        self.left_out: list[str] = []
        self._start, self._limit = perf_counter(), limit

    def add(self, row: Row) -> None:
        self.rows.append(row)
        console.print(" · ".join(_shown(name, value) for name, value in row.items()), highlight=False, soft_wrap=True)
        self.write()

    def attempt(self, names: Row, work: Callable[[], Any]) -> Any:
        """Do something that may fail, which is told with the names of what it was; so is what there is no time for.

        names (Row): Of what is done.
        work (Callable[[], Any]): What to do.
        RETURNS (Any): Its result; None if there is none.
        """
        if perf_counter() - self._start > self._limit:
            self.leave_out(f"{', '.join(names.values())}: the {self._limit:g} seconds of --limit were over")
            return None
        try:
            return work()
        except Exception as error:  # whatever a peer or a GPU comes up with
            lines = str(error).strip().splitlines() or [""]
            self.failed.append({**names, "error": f"{type(error).__name__}: {lines[0][:300]}"})
            console.print(f"[yellow]Failed: {', '.join(names.values())}[/]: {type(error).__name__}: {lines[0][:300]}")
        _free()
        self.write()
        return None

    def leave_out(self, line: str) -> None:
        """Name something that is not measured, and why."""
        if line not in self.left_out:
            self.left_out.append(line)
            console.print(f"[yellow]Left out: {line}[/]")
            self.write()

    def write(self) -> None:
        seconds = round(perf_counter() - self._start, 1)
        kinds = {"checks": "deviation", "runs": "seconds", "memory": "peak_mb"}
        found: dict[str, Any] = {kind: [row for row in self.rows if has in row] for kind, has in kinds.items()}
        found |= {"failed": self.failed, "left_out": self.left_out, "took_seconds": seconds}
        write_results(self.out, self.command, {**self.about, **found})


def _shown(name: str, value: Any) -> str:
    if name == "seconds":
        return "ms: " + " ".join(f"{1000 * each:.1f}" for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {share:.0%}" for key, share in value.items())
    if isinstance(value, str):
        return value
    return f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}"


def _free() -> None:
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def warmed_up(build: Callable[[], Work]) -> tuple[Work, float]:
    """RETURNS (tuple[Work, float]): What a work is, and how long it takes, once it has warmed up."""
    work = build()
    seconds = seconds_of(work)
    return work, seconds if seconds > SLOW else seconds_of(work)


def time_builds(figures: Figures, part: str, builds: gpu_works.Builds, quick: bool) -> None:
    """Time works of one kind in turns, and add the runs of each.

    figures (Figures): Where they go.
    part (str): Its name.
    builds (Builds): What makes each.
    quick (bool): Whether once is enough.
    """
    by_work: dict[str, gpu_works.Builds] = {}
    for key, build in builds.items():
        by_work.setdefault(key[0], {})[key] = build
    for group in by_work.values():
        works: dict[Key, Work] = {}
        turns: dict[Key, int] = {}
        for key, build in group.items():
            if found := figures.attempt(_names(part, key), partial(warmed_up, build)):
                works[key], seconds = found
                turns[key] = 1 if quick else max(FEWEST_RUNS, min(MOST_RUNS, int(ENOUGH_SECONDS / seconds)))
        runs: dict[Key, list[float]] = {key: [] for key in works}
        for turn in range(max(turns.values(), default=0)):
            for key in [key for key in works if turn < turns[key]]:
                seconds = figures.attempt(_names(part, key), partial(seconds_of, works[key]))
                runs[key] += [] if seconds is None else [seconds]
        for key, each in runs.items():
            if each:
                figures.add({**_names(part, key), "seconds": each})
        works.clear()
        _free()


def _names(part: str, key: Key) -> Row:
    return {"part": part, "work": key[0], "by": key[1], "precision": key[2]}


def peak_mb(build: Callable[[], Work]) -> float | None:
    """RETURNS (float | None): The most memory that a work takes above what was there before, in MB; None if the system
    does not tell. What its first run leaves behind counts as there before."""
    on_gpu = torch.cuda.is_initialized()
    work = build()
    work()
    _free()
    before, peak = memory_now(on_gpu), watch_peak(on_gpu)
    work()
    most = peak()
    return None if most is None or before is None else (most - before) / MB


def run_checks(figures: Figures, encoders: Encoders) -> None:
    checks = figures.attempt({"part": "checks", "work": "making encoders"}, partial(Checks, encoders))
    for case in CASES if checks is not None else []:
        what, kind, output, precision, buckets = case
        by = f"{kind}{', in buckets' if buckets else ''}"
        names = {"part": "checks", "work": f"{what}, {output}", "by": by, "precision": precision}
        if row := figures.attempt(names, partial(checks.row, case)):
            figures.add(names | row)


def run_memory(figures: Figures, encoders: Encoders) -> None:
    for key, build in gpu_works.memory_builds(encoders).items():
        names = _names("memory", key)
        if (peak := figures.attempt(names, partial(peak_mb, build))) is not None:
            figures.add({**names, "peak_mb": peak})
        for model in encoders.models():
            model.zero_grad()


def run_pipeline(figures: Figures, setting: Setting, quick: bool) -> None:
    for size in SIZES:
        for precision in ("float32", "bfloat16"):
            names = {"part": "pipeline", "work": size, "precision": precision}
            if row := figures.attempt(names, partial(measure, setting, size, precision, quick)):
                figures.add(names | row)


def steps(figures: Figures, setting: Setting, parts: list[str], quick: bool) -> Iterator[Callable[[], None]]:
    """YIELDS (Callable): What there is to do, what matters most first. thinc turns to the GPU for the pipeline."""
    encoders = Encoders(setting)

    def timed(part: str, precision: str) -> None:
        make = {"predict": gpu_works.predict_builds, "training": gpu_works.training_builds}[part]
        time_builds(figures, part, make(encoders, precision), quick)

    order: list[tuple[str, Callable[[], None]]] = [
        ("checks", partial(run_checks, figures, encoders)),
        ("predict", partial(timed, "predict", "bfloat16")),
        ("training", partial(timed, "training", "mixed")),
        ("predict", partial(timed, "predict", "float32")),
        ("memory", partial(run_memory, figures, encoders)),
        ("pipeline", partial(run_pipeline, figures, setting, quick)),
        ("training", partial(timed, "training", "float32")),
    ]
    yield from (step for part, step in order if part in parts)


@app.command()
def main(
    ctx: typer.Context,
    device: Annotated[str, typer.Option(help="cuda, or cpu to see that it works")] = "cuda",
    parts: Annotated[str, typer.Option(help=f"Of {','.join(PARTS)}")] = ",".join(PARTS),
    limit: Annotated[float, typer.Option(min=0, help="Begin nothing new after so many seconds")] = 100,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Compare, time and weigh."""
    asked = parts.split(",")
    if unknown := set(asked) - set(PARTS):
        raise typer.BadParameter(f"There is no part {', '.join(sorted(unknown))}. There are {', '.join(PARTS)}.")
    if device == "cuda" and not torch.cuda.is_available():
        raise typer.BadParameter("This torch finds no GPU. Run it where there is one, or with --device cpu.")
    setting = Setting.of(device, quick)
    about = {
        "device": device,
        "tf32": torch.backends.cuda.matmul.allow_tf32,
        "transformers": transformers.__version__,
        "n_pieces": setting.size.n_pieces,
        "n_docs": setting.n_docs,
    }
    figures = Figures(out, command_line(ctx, "gpu.py"), about, limit)
    figures.leave_out(gpu_works.TOO_MUCH)
    if not find_spec("flash_attn"):
        figures.leave_out(gpu_works.NO_FLASH)
    for step in steps(figures, setting, asked, quick):
        step()
    figures.write()
    console.print(f"{len(figures.rows)} figures, {len(figures.failed)} failed, {len(figures.left_out)} left out")


if __name__ == "__main__":
    app()
