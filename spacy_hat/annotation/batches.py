"""Batches of Arrow rows through a pipeline, for engines that hand them to a function of Python, as Spark does."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cluster.work import BUDGET, Work

if TYPE_CHECKING:
    import pyarrow

    from .annotator import Explain


def annotate_batches(
    batches: "Iterable[pyarrow.RecordBatch]",
    model: str | Path,
    *,
    text: str = "text",
    id_column: str = "id",
    max_length: int | None = None,
    vectors: bool = False,
    explain: "Explain | None" = None,
    code: str | Path | None = None,
    budget: int = BUDGET,
) -> "Iterator[pyarrow.RecordBatch]":
    """Annotate batches of documents, one after another: what Spark's `mapInArrow` takes.

    The pipeline is loaded when the first batch comes, and stays in this process for calls that ask for the same. Each
    row in is one row out, with the columns of `spacy hat annotate` and the others of the batch but the text.

    batches (Iterable[pyarrow.RecordBatch]): The documents.
    model (str | Path): Folder or name of the pipeline, which every machine can load.
    text (str): Name of the column with the text, which is not kept.
    id_column (str): Name of the column with the id.
    max_length (int | None): Characters that a text may have. None: as in `spacy hat annotate`.
    vectors (bool): Whether to give vectors of each document and its sentences.
    explain (Explain | None): What finds the sentences that decided: `spacy_hat.explanations.evidence.Evidence(3)`.
    code (str | Path | None): Python file to import first.
    budget (int): Characters of documents that go through the pipeline together.
    YIELDS (pyarrow.RecordBatch): The annotations of a batch, in its order.
    RAISES (ValueError): If the pipeline cannot be loaded, or a batch lacks a column.
    """
    import pyarrow as pa

    work = Work(
        model=str(model),
        text=text,
        id_column=id_column,
        budget=budget,
        max_length=max_length,
        vectors=vectors,
        explain=explain,
        code=None if code is None else Path(code),
    )
    for batch in batches:
        yield from _loaded(work)((pa.Table.from_batches([batch]), False)).combine_chunks().to_batches()


@lru_cache(maxsize=1)
def _loaded(work: Work) -> Any:
    from .cluster.tables import TableAnnotator

    return TableAnnotator(work)
