"""Times that can be compared: of one run, taken in turns, so that whatever slows the machine slows all alike."""

import statistics
from collections.abc import Callable, Mapping

from spacy_hat.layers.machine import finished_time

Work = Callable[[], object]


def seconds_of(work: Work) -> float:
    """RETURNS (float): Seconds that it takes once, a GPU's work included."""
    start = finished_time()
    work()
    return finished_time() - start


def median_seconds(work: Work, repeats: int) -> float:
    """Time something, after one run to warm up.

    work (Work): what to time.
    repeats (int): how often.
    RETURNS (float): the median, in seconds.
    """
    work()
    return statistics.median(seconds_of(work) for _ in range(repeats))


def interleaved_seconds(
    works: Mapping[str, Work], repeats: int, on_run: Callable[[str], object] = lambda name: None
) -> dict[str, list[float]]:
    """Time several things in turns: one of each, then the next of each.

    None is run to warm up. What the first run of a thing takes longer leaves its median of five as it is.

    works (Mapping[str, Work]): what to time, by name.
    repeats (int): how often each.
    on_run (Callable[[str], object]): called before each run with its name, for a progress bar.
    RETURNS (dict[str, list[float]]): seconds of each run, in order.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            on_run(name)
            seconds[name].append(seconds_of(work))
    return seconds


def medians(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """RETURNS (dict[str, float]): the median of each."""
    return {name: statistics.median(runs) for name, runs in seconds.items()}
