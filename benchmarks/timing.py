"""Times that can be compared: of one run, taken in turns, so that a slow moment of the machine slows all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import Progress

from spacy_hat.machine.clock import finished_time

# Threads of what ran before may go on looking for work: those of Intel's OpenMP do so for 0.2 seconds.
SETTLE = 0.25
Work = Callable[[], object]
# What is done, by whom, in which precision.
Key = tuple[str, str, str]


def seconds_of(work: Work) -> float:
    """RETURNS (float): Seconds that it takes once, a GPU's work included."""
    start = finished_time()
    work()
    return finished_time() - start


def median_seconds(work: Work, repeats: int) -> float:
    """Time something, after one run to warm up.

    work (Work): What to time.
    repeats (int): How often.
    RETURNS (float): The median, in seconds.
    """
    work()
    return statistics.median(seconds_of(work) for _ in range(repeats))


def interleaved_seconds(
    works: Mapping[Key, Work], repeats: int, on_run: Callable[[Key], object] = lambda _: None
) -> dict[Key, list[float]]:
    """Time several things in turns: one of each, then the next of each.

    None is run to warm up. What the first run of a thing takes longer leaves its median of five as it is.

    works (Mapping[Key, Work]): What to time.
    repeats (int): How often each.
    on_run (Callable[[Key], object]): Called before each run, for a progress bar.
    RETURNS (dict[Key, list[float]]): Seconds of each run, in order.
    """
    seconds: dict[Key, list[float]] = {key: [] for key in works}
    for _ in range(repeats):
        for key, work in works.items():
            on_run(key)
            time.sleep(SETTLE)
            seconds[key].append(seconds_of(work))
    return seconds


def time_in_turns(works: Mapping[Key, Work], repeats: int, console: Console) -> dict[Key, list[float]]:
    """RETURNS (dict[Key, list[float]]): The same, with a progress bar."""
    with Progress(console=console) as progress:
        task = progress.add_task("timing", total=repeats * len(works))
        return interleaved_seconds(
            works, repeats, lambda key: progress.update(task, advance=1, description=" · ".join(key))
        )


def medians(seconds: Mapping[Key, list[float]]) -> dict[Key, float]:
    """RETURNS (dict[Key, float]): The median of each."""
    return {key: statistics.median(runs) for key, runs in seconds.items()}


def run_rows(seconds: Mapping[Key, list[float]]) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): Every run, for JSON."""
    return [
        {"work": work, "by": by, "precision": precision, "seconds": runs}
        for (work, by, precision), runs in seconds.items()
    ]
