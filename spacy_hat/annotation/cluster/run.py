"""A whole run on a cluster: the input's rows through Ray Data, and a folder of shards with every row once.

rows -> blocks -> actors -> shards and the numbers of their rows, in two phases -> their place, when the run is closed
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from ...corpora.described import describe_files
from ...corpora.sources import Source, find_sources
from ..annotator import Annotator, Task
from ..columns import input_fields
from ..failures import read_errors
from ..manifest import check_manifest, check_output
from ..parts import Unit, find_units
from ..run import Plan, Report, manifest_of
from .dataset import CPUS_TO_SPARE, absolute_model, annotate_tables, import_ray
from .session import Cluster, session
from .shards import RunFolder
from .work import KEY, Work

SECONDS_BETWEEN = 2.0
CPUS_TO_READ = 0.02
"""Of a task that reads or writes, out of what actors leave. Ray counts them; it does not hold a task to them."""


@dataclass(frozen=True)
class _Job:
    """What is read, and how it is annotated."""

    units: list[Unit]
    fields: dict[str, Any]
    plan: Plan
    task: Task
    cluster: Cluster


def annotate_on_ray(
    source: Path,
    output: Path,
    task: Task,
    plan: Plan,
    cluster: Cluster,
    *,
    force: bool = False,
    on_start: Callable[[int | None], Any] = lambda _: None,
    on_progress: Callable[[int, int, int], Any] = lambda *_: None,
) -> Report:
    """Annotate every document of a file or folder on a cluster.

    source (Path): The file or folder, which every machine sees, in any form that `spacy hat convert` reads.
    output (Path): A folder of shards, which every machine sees. Those that are there stay, if they were made of the
        same by Ray.
    task (Task): What is done with each document.
    plan (Plan): How the run goes; shares and processes are Ray's affair.
    cluster (Cluster): What Ray is asked for.
    force (bool): Whether to remove what an earlier run made.
    on_start (Callable[[int | None], Any]): Called with the number of documents still to do; None if it is not known.
    on_progress (Callable[[int, int, int], Any]): Called with how many more are done, and zeros: failures and pieces
        are not counted meanwhile.
    RETURNS (Report): What became of it.
    RAISES (ValueError): If nothing can be read, Ray is not there, or the folder is made of something else.
    """
    import_ray()
    if task.format != "parquet":
        raise ValueError(f"Ray writes Parquet. Got: --format {task.format}. Leave --format out, or --ray.")
    check_output(output, [source, task.model], force=force)
    sources = find_sources(source)
    fields = input_fields(sources, text=plan.text, id_column=plan.id_column)
    check_manifest(output, _manifest(sources, task, plan), {"input": str(source.absolute()), "model": task.model})
    folder = RunFolder(output.absolute())
    done, before = folder.done(), folder.placed()
    job = _Job(find_units(sources, plan.shard_size), fields, plan, task, cluster)
    total = _count(job.units)
    on_start(None if total is None else total - len(done))
    if total is None or total > len(done):
        with session(cluster) as ray, _watched(folder, on_progress):
            _execute(ray, job, folder, done)
    closed = folder.close()
    report = Report(closed.n_docs, closed.n_shards, len(before), unreadable=closed.unreadable)
    for name in folder.placed():
        report.failed += read_errors(output / name)
    return report


def _execute(ray: Any, job: _Job, folder: RunFolder, done: Any) -> None:
    from .rows import Reading, Rows
    from .sink import ShardSink

    plan, cluster = job.plan, job.cluster
    n_actors, n_cpus = cluster.shares(ray)
    reading = Reading(plan.text, plan.id_column, job.fields, plan.budget, n_actors, folder.notes)
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=n_actors, initial_size=n_actors)
    with ray.data.DataContext.current(_context(ray, plan, folder)):
        # As many blocks as there are files: else Ray cuts those that are read into crumbs.
        options = {"override_num_blocks": len(job.units), "num_cpus": CPUS_TO_READ}
        rows = ray.data.read_datasource(Rows(job.units, reading, done), **options)
        sizes = {"num_cpus": n_cpus - CPUS_TO_SPARE, "num_gpus": cluster.gpus_per_actor}
        annotations = annotate_tables(rows, _work(job, n_cpus), pool, **sizes)
        sink = ShardSink(folder.data, plan.shard_size)
        annotations.write_datasink(sink, ray_remote_args={"num_cpus": CPUS_TO_READ}, concurrency=-(-n_actors // 4))


def _context(ray: Any, plan: Plan, folder: RunFolder) -> Any:
    from ray.data.checkpoint import CheckpointConfig

    context = ray.data.DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.target_max_block_size = plan.budget
    context.checkpoint_config = CheckpointConfig(KEY, str(folder.ids), delete_checkpoint_on_success=False)
    return context


def _work(job: _Job, n_cpus: int) -> Work:
    task = job.task
    return Work(
        model=absolute_model(task.model),
        is_taken_apart=True,
        budget=job.plan.budget,
        max_length=task.max_length,
        vectors=task.vectors,
        explain=task.explain,
        code=None if task.code is None else task.code.absolute(),
        n_threads=n_cpus,
        on_gpu=job.cluster.gpus_per_actor > 0,
    )


def _manifest(sources: list[Source], task: Task, plan: Plan) -> dict[str, Any]:
    """The kernel's, and that Ray wrote the shards: the two do not cut the input into the same ones."""
    manifest = manifest_of(describe_files(sources), Annotator(task), plan)
    return manifest | {"settings": {**manifest["settings"], "by": "ray"}}


def _count(units: list[Unit]) -> int | None:
    total = 0
    for unit in units:
        try:
            n_docs = unit.count()
        except (ValueError, OSError):  # which is told when it is its turn
            return None
        if n_docs is None:
            return None
        total += n_docs
    return total


@contextmanager
def _watched(folder: RunFolder, on_progress: Callable[[int, int, int], Any]) -> Iterator[None]:
    """Tell how many documents were written, again and again."""
    ended = Event()

    def watch() -> None:
        told = 0
        while not ended.wait(SECONDS_BETWEEN):
            n_docs = folder.n_committed()
            on_progress(n_docs - told, 0, 0)
            told = n_docs

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
