"""What the actors of a cluster are asked. It imports nothing heavy: actors hold neither PyTorch nor spaCy."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..annotator import Explain, Task

BUDGET = 200_000
KEY, TEXT, STARTS, PROBLEM = "_hat_key", "_hat_text", "_hat_starts", "_hat_problem"
"""Columns of documents that were taken apart where they were read. None of them is written."""


@dataclass(frozen=True)
class Work:
    """What is done with each row of a table.

    model (str): Folder or name of the pipeline.
    text (str): Name of the column with the text.
    id_column (str): Name of the column with the id.
    is_taken_apart (bool): Whether rows are documents already, in columns of the names above.
    text_ids (bool): Whether an id that is not text is an error: a checkpoint of Ray's looks for it as it was.
    budget (int): Characters of the documents that go through the pipeline together.
    max_length (int | None): As in `Task`.
    vectors (bool): Whether to give vectors.
    explain (Explain | None): Finds the sentences that decided.
    code (Path | None): Python file to import first.
    n_threads (int): Threads of PyTorch.
    on_gpu (bool): Whether to use the GPU that Ray gave to the actor.
    """

    model: str
    text: str = TEXT
    id_column: str = "id"
    is_taken_apart: bool = False
    text_ids: bool = False
    budget: int = BUDGET
    max_length: int | None = None
    vectors: bool = False
    explain: "Explain | None" = None
    code: Path | None = None
    n_threads: int = 1
    on_gpu: bool = False

    def task(self) -> "Task":
        """RETURNS (Task): The same for the kernel. What Ray gave to an actor is its first GPU."""
        from ..annotator import Task

        gpu_id = 0 if self.on_gpu else -1
        return Task(self.model, "parquet", self.max_length, self.vectors, self.explain, self.code, gpu_id)
