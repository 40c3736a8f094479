"""`spacy_hat.annotate_dataset`: a step of Ray Data that annotates documents."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..names import ID
from .work import BUDGET, Work

if TYPE_CHECKING:
    import ray.data

    from ..annotator import Explain

MOST_RESTARTS = 20
"""Of an actor. Ray's own number is endless; documents that kill their process cost none."""
MOST_TRIES = 20
"""Of a task whose actor or node was lost."""
ROWS_FOR_A_GPU = 64
"""Least documents of a task, and the most that its process gets at once."""
CPUS_TO_SPARE = 0.1
"""CPUs of each actor that are left for what reads and writes, which could not begin otherwise."""


def annotate_dataset(
    ds: "ray.data.Dataset",
    model: str | Path,
    *,
    text: str = "text",
    id_column: str = "id",
    max_length: int | None = None,
    vectors: bool = False,
    explain: "Explain | None" = None,
    code: str | Path | None = None,
    budget: int = BUDGET,
    n_actors: int | tuple[int, int] | None = None,
    cpus_per_actor: int = 1,
    gpus_per_actor: float = 0,
) -> "ray.data.Dataset":
    """Annotate the documents of a Ray Dataset. It is lazy, as Ray's own steps are: writing it begins the work.

    Each row in is one row out, with the columns of `spacy hat annotate` and the input's others. A document that fails,
    or that kills its process, has the reason in `error`. For a run that can go on after a crash, set
    `ray.data.DataContext.checkpoint_config` before the dataset is read, with `id_column`; ids are then unique.

    ds (ray.data.Dataset): The documents.
    model (str | Path): Folder or name of the pipeline, which every machine of the cluster can load.
    text (str): Name of the column with the text, which is not kept.
    id_column (str): Name of the column with the id.
    max_length (int | None): Characters that a text may have. None: as in `spacy hat annotate`.
    vectors (bool): Whether to give vectors of each document and its sentences.
    explain (Explain | None): What finds the sentences that decided: `spacy_hat.explanations.evidence.Evidence(3)`.
    code (str | Path | None): Python file to import first.
    budget (int): Characters of documents that go through the pipeline together, and about the bytes of a block.
    n_actors (int | tuple[int, int] | None): The most, or the least and the most. None: as many as the cluster has CPUs
        for. If the least take all CPUs, what reads the documents waits for ever.
    cpus_per_actor (int): CPUs, and threads of PyTorch, of each; a tenth of one is left for reading and writing.
    gpus_per_actor (float): GPUs of each.
    RETURNS (ray.data.Dataset): The annotations, in any order unless Ray is told to preserve it.
    RAISES (ValueError): If Ray is not installed.
    """
    ray = import_ray()
    checkpoint = ds.context.checkpoint_config or ray.data.DataContext.get_current().checkpoint_config
    work = Work(
        model=absolute_model(model),
        text=text,
        id_column=id_column,
        text_ids=checkpoint is not None and checkpoint.id_column == ID,
        budget=budget,
        max_length=max_length,
        vectors=vectors,
        explain=explain,
        code=None if code is None else Path(code).absolute(),
        n_threads=cpus_per_actor,
        on_gpu=gpus_per_actor > 0,
    )
    least, most = n_actors if isinstance(n_actors, tuple) else (1, n_actors)
    pool = ray.data.ActorPoolStrategy(min_size=least, max_size=most)
    n_cpus = ray.cluster_resources().get("CPU", 0)
    # Reading takes a CPU, unless it was told otherwise. A cluster that has no other lends it out twice.
    num_cpus = cpus_per_actor - CPUS_TO_SPARE if n_cpus >= cpus_per_actor + 1 else 0
    return annotate_tables(ds, work, pool, num_cpus=num_cpus, num_gpus=gpus_per_actor)


def annotate_tables(ds: Any, work: Work, pool: Any, *, num_cpus: float, num_gpus: float) -> Any:
    """RETURNS (ray.data.Dataset): A dataset whose tables go through actors."""
    from .actor import AnnotatingActor

    annotations = ds.map_batches(
        AnnotatingActor,
        fn_constructor_args=(work,),
        # A block as it is: its size is what the actor's memory and the balance between actors depend on.
        # Ray wants a number where there are GPUs.
        batch_size=ROWS_FOR_A_GPU if num_gpus else None,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=pool,
        num_cpus=num_cpus,
        num_gpus=num_gpus or None,
        max_restarts=MOST_RESTARTS,
        max_task_retries=MOST_TRIES,
    )
    annotations.context.target_max_block_size = work.budget
    return annotations


def import_ray() -> Any:
    """RETURNS (module): Ray, with its data. RAISES (ValueError): If it is not installed."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ValueError(
            f"Ray is not there ({error}). Expected: Ray Data 2.55.1 or later. Install it: python -m pip install "
            "'spacy-hat[ray]'"
        ) from None
    return ray


def absolute_model(model: str | Path) -> str:
    """RETURNS (str): The same for actors, which run in another folder."""
    return str(Path(model).absolute()) if Path(model).exists() else str(model)
