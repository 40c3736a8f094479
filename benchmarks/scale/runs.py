"""One run, in a process of its own: `python -m benchmarks.scale.runs KIND FOLDER PIPELINE CORPUS N_WORKERS`.

Every document leaves the time at which it came into the pipeline, and at which it left it, and the memory of the
process. So what is measured begins with the first document and ends with the last, whoever reads them.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

STAMPS = "SPACY_HAT_STAMPS"
WAIT = 5e-6
"""Seconds of a character, in the pipeline that waits: more workers than cores then show how work is shared out."""
STAMPING = f"""
import os, time
from pathlib import Path
import spacy
from spacy.language import Language
from spacy.tokens import Doc

def stamp(doc):
    with open(Path(os.environ["{STAMPS}"]) / str(os.getpid()), "a") as file, open("/proc/self/statm") as memory:
        file.write(f"{{time.time():.4f}} {{memory.read().split()[1]}}\\n")
    return doc

Language.component("stamp_in", func=stamp)
Language.component("stamp_out", func=stamp)

class OneToken:
    def __init__(self, vocab):
        self.vocab = vocab

    def __call__(self, text):
        return Doc(self.vocab, words=[text], spaces=[False])

    def to_disk(self, *args, **kwargs):
        pass

    from_disk = to_disk

@spacy.registry.tokenizers("one_token")
def one_token():
    return lambda nlp: OneToken(nlp.vocab)

@Language.component("wait")
def wait(doc):
    time.sleep({WAIT} * len(doc.text))
    return doc
"""
SHARD_SIZE = 1000
N_PLACES = 20
CRUMBS = 2000
"""Characters of a block, where it is seen what a block costs."""
NARROW = 40_000
"""Characters of a window, where documents are longer than several."""


@dataclass(frozen=True)
class Run:
    """What is run."""

    folder: Path
    model: Path
    source: Path
    n_workers: int

    @property
    def output(self) -> Path:
        return self.folder / f"out-{os.getpid()}"

    @property
    def code(self) -> Path:
        return self.folder / "stamp.py"


def run(kind: str, folder: Path, pipeline: str, corpus: str, n_workers: int) -> dict[str, Any]:
    """Annotate a corpus.

    kind (str): What runs: `bare` (nlp.pipe), `kernel`, `waiting` (the kernel, small windows), `ray`, `crumbs` (Ray,
        with small blocks) or `reading`.
    folder (Path): Has pipelines, `stamp.py`, and corpora.
    pipeline (str): Name of a pipeline.
    corpus (str): Name of a corpus.
    n_workers (int): Processes of nlp.pipe or of the kernel; nodes of Ray with one CPU each. As many cores are used.
    RETURNS (dict[str, Any]): Seconds from the first document to the last, and of all of it; of each worker, seconds
        until its first document, and from there to its last; memory of one of them after each twentieth of its
        documents.
    """
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_workers])
    stamps = folder / f"stamps-{os.getpid()}"
    stamps.mkdir()
    os.environ[STAMPS] = str(stamps)
    if kind == "reading":
        RUNS[kind](Run(folder, folder / pipeline, folder / f"{corpus}.jsonl", n_workers))  # imports, and warms up
    begun = time.time()
    RUNS[kind](Run(folder, folder / pipeline, folder / f"{corpus}.jsonl", n_workers))
    total = time.time() - begun
    if kind == "reading":
        return {"seconds": round(total, 2)}
    by_process = [_read(path) for path in sorted(stamps.iterdir())]
    times = [moment for found in by_process for moment, _ in found]
    memory = max(by_process, key=len)
    return {
        **({"work": round(WAIT * _characters(folder / f"{corpus}.jsonl"), 2)} if kind == "waiting" else {}),
        "seconds": round(max(times) - min(times), 2),
        "seconds_in_all": round(total, 2),
        "documents": len(times) // 2,
        "begun": [round(found[0][0] - min(times), 2) for found in by_process],
        "busy": [round(found[-1][0] - found[0][0], 2) for found in by_process],
        "memory_mb": [round(memory[place][1]) for place in _places(len(memory))],
    }


def _characters(corpus: Path) -> int:
    return sum(len(json.loads(line)["text"]) for line in corpus.read_text(encoding="utf8").splitlines())


def _read(path: Path) -> list[tuple[float, float]]:
    lines = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    return [(float(moment), int(pages) * 4096 / 2**20) for moment, pages in lines]


def _places(n_stamps: int) -> list[int]:
    return [min(n_stamps - 1, n_stamps * place // N_PLACES) for place in range(1, N_PLACES + 1)]


def _bare(run: Run) -> None:
    import spacy
    from spacy.util import import_file

    import_file("stamp", run.code)
    nlp = spacy.load(run.model)
    texts = [json.loads(line)["text"] for line in run.source.read_text(encoding="utf8").splitlines()]
    others = []
    for number in range(1, run.n_workers):
        others.append(os.fork())
        if not others[-1]:
            _drain(nlp, texts[number :: run.n_workers])
            os._exit(0)
    _drain(nlp, texts[:: run.n_workers])
    for other in others:
        os.waitpid(other, 0)


def _drain(nlp: Any, texts: list[str]) -> None:
    with nlp.memory_zone():
        for _ in nlp.pipe(texts):
            pass


def _kernel(run: Run, budget: int | None = None) -> None:
    from spacy_hat.annotation.annotator import Task
    from spacy_hat.annotation.run import BUDGET, Plan, annotate

    plan = Plan(shard_size=SHARD_SIZE, budget=budget or BUDGET, n_process=run.n_workers)
    annotate(run.source, run.output, Task(str(run.model), code=run.code), plan)


def _ray(run: Run, budget: int | None = None) -> None:
    from spacy_hat.annotation.annotator import Task
    from spacy_hat.annotation.cluster.run import annotate_on_ray
    from spacy_hat.annotation.cluster.session import Cluster
    from spacy_hat.annotation.run import BUDGET, Plan

    plan = Plan(shard_size=SHARD_SIZE, budget=budget or BUDGET)
    with _nodes(run.n_workers):
        annotate_on_ray(run.source, run.output, Task(str(run.model), code=run.code), plan, Cluster())


def _reading(run: Run) -> None:
    from spacy_hat.annotation.cluster.rows import Reading, Rows
    from spacy_hat.annotation.parts import find_units
    from spacy_hat.corpora.sources import find_sources

    reading = Reading("text", None, {}, 200_000, 1, run.folder)
    for task in Rows(find_units(find_sources(run.source), SHARD_SIZE), reading, _nothing_done()).get_read_tasks(1):
        for _ in task():
            pass


def _nothing_done() -> Any:
    import numpy as np

    return np.zeros(0, dtype=np.int64)


@contextmanager
def _nodes(n_nodes: int) -> Iterator[None]:
    from spacy_hat.annotation.cluster.session import SETTINGS

    os.environ |= SETTINGS
    import ray
    from ray.cluster_utils import Cluster as Nodes

    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 2**27}
    nodes = Nodes(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    for _ in range(n_nodes - 1):
        nodes.add_node(**node)
    ray.init(address=nodes.address, logging_level=logging.ERROR, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()
        nodes.shutdown()


RUNS: dict[str, Callable[[Run], None]] = {
    "bare": _bare,
    "kernel": _kernel,
    "waiting": partial(_kernel, budget=NARROW),
    "ray": _ray,
    "crumbs": partial(_ray, budget=CRUMBS),
    "reading": _reading,
}

if __name__ == "__main__":
    kind, folder, pipeline, corpus, n_workers = sys.argv[1:]
    found = run(kind, Path(folder), pipeline, corpus, int(n_workers))
    sys.stdout.write(json.dumps(found) + "\n")
