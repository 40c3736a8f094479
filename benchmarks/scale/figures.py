"""What runs say about the marks, and what the simulation needs of them."""

import json
import statistics
from typing import Any

from spacy_hat.choices import SampleName
from spacy_hat.samples.documents import read_sample

from .simulation import Costs

BETWEEN_FAILURES = 24 * 3600.0
"""Seconds until a worker is lost, on average: one a day."""
FILES = 64
"""Files of the simulated input."""
NEEDED = ("bare", "bare, skewed", "ray", "reading", "ray, crumbs")
"""Runs without which nothing can be simulated."""
Runs = dict[str, list[dict[str, Any]]]


def marks_of(runs: Runs) -> dict[str, float]:
    """RETURNS (dict[str, float]): The marks that the runs made so far allow to compute; medians of runs."""
    seconds = {name: statistics.median(one["seconds"] for one in found) for name, found in runs.items()}
    ratios = {
        "overhead of the kernel": ("kernel", "bare", 1.0),
        "overhead of Ray on one node": ("ray", "bare", 1.0),
        "two processes of nlp.pipe, over one": ("bare", "bare, 2", 0.0),
        "two nodes of Ray, over one": ("ray", "ray, 2", 0.0),
        "two processes of nlp.pipe, over one, skewed": ("bare, skewed", "bare, 2, skewed", 0.0),
        "wall over work / workers, skewed": ("ray, 2, skewed", "bare, skewed", 0.0),
        "wall over work / workers, skewed, processes": ("kernel, 2, skewed", "bare, skewed", 0.0),
        "wall over work / workers, even": ("ray, 2", "bare", 0.0),
        "wall over work / workers, even, processes": ("kernel, 2", "bare", 0.0),
    }
    found = {}
    for name, (above, below, less) in ratios.items():
        if above in seconds and below in seconds:
            workers = 2 if name.startswith("wall") else 1
            found[name] = round(workers * seconds[above] / seconds[below] - less, 3)
    if waited := runs.get("kernel, 4, waiting"):
        found["wall over work / workers, waiting"] = round(4 * seconds["kernel, 4, waiting"] / waited[0]["work"], 3)
    for name in ("kernel", "ray"):
        if memory := runs.get(f"{name}, memory"):
            places = memory[0]["memory_mb"]
            # From a tenth of the documents to the last: by then, everything has been loaded.
            found[f"growth of memory, {name}"] = round(places[-1] / places[len(places) // 10 - 1] - 1, 3)
    return found


def costs_of(runs: Runs, sizes: dict[str, list[int]], n_crumbs: int) -> Costs:
    """Find what documents and characters cost, from a corpus of short and one of long documents.

    runs (Runs): All runs.
    sizes (dict[str, list[int]]): Characters of each document of each corpus.
    n_crumbs (int): Blocks of the run with small ones.
    RETURNS (Costs): For the simulation.
    """
    seconds = {name: statistics.median(one["seconds"] for one in found) for name, found in runs.items()}
    n_even, even = len(sizes["even"]), sum(sizes["even"])
    n_skewed, skewed = len(sizes["skewed"]), sum(sizes["skewed"])
    # Two equations: documents and characters of either corpus, and its seconds.
    determinant = n_even * skewed - n_skewed * even
    per_document = max(0.0, (seconds["bare"] * skewed - seconds["bare, skewed"] * even) / determinant)
    starting = statistics.median(one["seconds_in_all"] - one["seconds"] for one in runs["ray"])
    return Costs(
        per_character=(seconds["bare"] - n_even * per_document) / even,
        per_document=per_document,
        to_start=round(starting, 1),
        to_read=seconds["reading"] / even,
        to_hand_out=seconds["ray, crumbs"] / n_crumbs,
        between_failures=BETWEEN_FAILURES,
        n_files=FILES,
    )


def real_lengths() -> dict[str, list[int]]:
    """RETURNS (dict[str, list[int]]): Characters of the documents that come with the package."""
    names: tuple[SampleName, ...] = ("docstrings", "licences")
    lines = {name: read_sample(name).decode("utf8").split("\n") for name in names}
    return {name: [_characters(json.loads(line)) for line in found if line] for name, found in lines.items()}


def _characters(record: dict[str, Any]) -> int:
    if "text" in record:
        return len(record["text"])
    return sum(len(sentence["text"]) + 1 for sentence in record["sentences"])
