"""The rows of the input for Ray: documents taken apart where they are read, each with a number of its own.

A file is read by one task, from its beginning to its end, whose blocks go to actors while it reads on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ray.data.block import BlockMetadata
from ray.data.datasource import Datasource, ReadTask

from ...corpora.rows import read_rows
from ..columns import cells, field_name
from ..documents import Document, make_document
from ..names import ID
from ..parts import Unit
from ..windows import Budget
from .work import KEY, PROBLEM, STARTS, TEXT

ROWS_IN_UNIT = 2**40
"""The number of a row is that of its unit times this, and its place in it."""


@dataclass(frozen=True)
class Reading:
    """How rows are read.

    text (str): Name of the column with the text.
    id_column (str | None): Name of the column with the id; None: see `make_document`.
    fields (dict[str, DataType]): The input's columns.
    budget (int): Characters of a block.
    n_actors (int): Who takes blocks at the same time.
    notes (Path): A folder for what is wrong with files that cannot be read to their ends.
    """

    text: str
    id_column: str | None
    fields: dict[str, Any]
    budget: int
    n_actors: int
    notes: Path


class Rows(Datasource):
    """What Ray reads.

    units (Sequence[Unit]): Files.
    reading (Reading): How they are read.
    done (ndarray): Sorted numbers of rows that are left out.
    """

    def __init__(self, units: Sequence[Unit], reading: Reading, done: Any) -> None:
        super().__init__()
        self.units, self.reading, self.done = units, reading, done

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(
        self,
        parallelism: int,  # noqa: ARG002  a task for each file
        per_task_row_limit: int | None = None,
        data_context: Any = None,  # noqa: ARG002
    ) -> list[ReadTask]:
        """RETURNS (list[ReadTask]): One for each unit."""
        metadata = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
        tasks = []
        for unit in self.units:
            first, end = np.searchsorted(self.done, [unit.number * ROWS_IN_UNIT, (unit.number + 1) * ROWS_IN_UNIT])
            read = _ReadUnit(unit, self.reading, self.done[first:end], is_last=unit is self.units[-1])
            tasks.append(ReadTask(read, metadata, per_task_row_limit=per_task_row_limit))
        return tasks


@dataclass(frozen=True)
class _ReadUnit:
    """Reads a unit. It goes to a worker of Ray."""

    unit: Unit
    reading: Reading
    done: Any
    is_last: bool = False

    __name__ = "read_unit"

    def __call__(self) -> Iterator[Any]:
        """YIELDS (pyarrow.Table): Blocks of about as many characters as the budget has."""
        schema = _schema(self.reading.fields)
        done = set(self.done.tolist())
        rows: list[dict[str, Any]] = []
        size = 0
        budget = Budget(self.reading.budget, self.reading.n_actors, self._count(done))
        for key, document in self._documents(done):
            cost = budget.spend(document)
            if rows and size + cost > budget.now():
                yield _table(rows, schema)
                rows, size = [], 0
            rows.append(_row(key, document, self.reading.fields))
            size += cost
        yield _table(rows, schema)

    def _count(self, done: set[int]) -> int | None:
        """RETURNS (int | None): Documents of the last unit; None of others, after which there are more."""
        try:
            n_docs = self.unit.count() if self.is_last else None
        except (ValueError, OSError):  # which is told when it is read
            return None
        return None if n_docs is None else n_docs - len(done)

    def _documents(self, done: set[int]) -> Iterator[tuple[int, Document]]:
        reading, key = self.reading, self.unit.number * ROWS_IN_UNIT
        try:
            for row in read_rows(self.unit.sources, text=reading.text, strict=False):
                if key not in done:
                    yield key, make_document(row, text=reading.text, id_column=reading.id_column)
                key += 1
        except (ValueError, OSError) as error:
            (reading.notes / f"{self.unit.number:05}.txt").write_text(str(error), encoding="utf8")


def _row(key: int, document: Document, fields: dict[str, Any]) -> dict[str, Any]:
    own = {KEY: key, ID: document.id, TEXT: document.text, STARTS: document.starts, PROBLEM: document.error}
    return own | cells(document.columns, fields)


def _schema(fields: dict[str, Any]) -> Any:
    import pyarrow as pa

    own = [(KEY, pa.int64()), (ID, pa.string()), (TEXT, pa.large_string())]
    own += [(STARTS, pa.list_(pa.int64())), (PROBLEM, pa.string())]
    return pa.schema(own + [(field_name(name), kind) for name, kind in fields.items()])


def _table(rows: list[dict[str, Any]], schema: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema)
