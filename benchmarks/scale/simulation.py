"""A million documents on 1 to 256 workers, by figures that were measured: where it stops being linear, and why.

Blocks are read one after another, handed out by one driver, and go to the worker that is free first. A worker that is
lost begins its block again, when another one has started in its place.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from spacy_hat.annotation.cluster.work import BUDGET
from spacy_hat.annotation.windows import LEAST, spans_of_budget

WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LINEAR = 0.9
NEVER = 10.0**12


@dataclass(frozen=True)
class Costs:
    """What was measured, in seconds.

    per_character (float): Of the pipeline.
    per_document (float): Of the pipeline.
    to_start (float): Until an actor has loaded the pipeline.
    to_read (float): Of a character, by the task that reads a file.
    to_hand_out (float): Of a block, by the driver.
    between_failures (float): Until a worker is lost, on average.
    n_files (int): Files of the input, each of which is read by a task, as many at a time as there are workers.
    """

    per_character: float
    per_document: float
    to_start: float
    to_read: float
    to_hand_out: float
    between_failures: float
    n_files: int


def blocks_of(lengths: Sequence[int], n_docs: int, budget: int = BUDGET) -> list[tuple[int, int]]:
    """Draw documents, and cut them into blocks as Ray's reading does.

    lengths (Sequence[int]): Characters of real documents.
    n_docs (int): How many to draw.
    budget (int): Characters of a block.
    RETURNS (list[tuple[int, int]]): Documents and characters of each block.
    """
    drawn = random.Random(0).choices(lengths, k=n_docs)
    spans = spans_of_budget(drawn, budget)
    return [(span.stop - span.start, sum(max(LEAST, one) for one in drawn[span])) for span in spans]


def seconds_of(blocks: Sequence[tuple[int, int]], n_workers: int, costs: Costs) -> float:
    """RETURNS (float): Until the last block is done."""
    chance = random.Random(n_workers)
    readers = [0.0] * min(n_workers, costs.n_files)  # which begin while actors load
    workers = [costs.to_start] * n_workers
    heapq.heapify(readers)
    heapq.heapify(workers)
    handed_out = end = 0.0
    for n_docs, size in blocks:
        read = heapq.heappop(readers) + size * costs.to_read
        heapq.heappush(readers, read)
        handed_out = max(handed_out, read) + costs.to_hand_out
        begun = max(heapq.heappop(workers), handed_out)
        cost = n_docs * costs.per_document + size * costs.per_character
        while (lost := chance.expovariate(1 / costs.between_failures)) < cost:
            begun += lost + costs.to_start
        heapq.heappush(workers, begun + cost)
        end = max(end, begun + cost)
    return end


def simulate(lengths: Sequence[int], n_docs: int, costs: Costs, workers: Sequence[int] = WORKERS) -> dict[str, Any]:
    """Find out how the time falls with the workers.

    lengths (Sequence[int]): Characters of real documents.
    n_docs (int): Documents.
    costs (Costs): What was measured.
    workers (Sequence[int]): How many there are.
    RETURNS (dict[str, Any]): Of each number of workers: seconds, and the share of them that is the pipeline's work,
        with everything, and with each cost left out; and the number up to which it is linear.
    """
    blocks = blocks_of(lengths, n_docs)
    work = sum(n * costs.per_document + size * costs.per_character for n, size in blocks)
    without = {
        "starting": replace(costs, to_start=0.0),
        "reading": replace(costs, to_read=0.0),
        "handing out": replace(costs, to_hand_out=0.0),
        "failures": replace(costs, between_failures=NEVER),
    }
    rows: list[dict[str, Any]] = []
    for n_workers in workers:
        seconds = seconds_of(blocks, n_workers, costs)
        others = {name: work / n_workers / seconds_of(blocks, n_workers, cost) for name, cost in without.items()}
        efficiency = work / n_workers / seconds
        rows.append(
            {
                "workers": n_workers,
                "seconds": round(seconds, 1),
                "efficiency": round(efficiency, 3),
                "without": {name: round(one, 3) for name, one in others.items()},
                "because of": max(others, key=lambda name: others[name]) if efficiency < LINEAR else None,
            }
        )
    linear = [row["workers"] for row in rows if row["efficiency"] >= LINEAR]
    return {
        "documents": n_docs,
        "blocks": len(blocks),
        "work_seconds": round(work, 1),
        "costs": vars(costs),
        "workers": rows,
        "linear_up_to": max(linear, default=0),
    }
