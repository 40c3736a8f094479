"""Shards that Ray writes: into a folder of the run, and out of it when it is closed and they are known to be whole.

    _ray/run-00000-1f0c2a7e/data     shards as they are written
    _ray/run-00000-1f0c2a7e/ids      which rows are in each: pending while it is written, committed when it is there
    _ray/run-00000-1f0c2a7e/notes    files that could not be read to their ends
    _ray/ids                         which rows are in each shard that is in its place

Ray commits in two phases. A process of an earlier run that lives on for a moment finds its folder gone, and writes
nothing.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from ...machine.kinds import RAY
from ..failures import write_errors
from ..names import ERROR, ID
from .work import KEY

PENDING = ".pending.parquet"
CLOSED = ".closed-"


@dataclass
class Closed:
    """What a run left.

    n_docs (int): Documents in its shards.
    n_shards (int): Shards that were put into their place.
    unreadable (list[str]): What was wrong with files that could not be read to their ends.
    """

    n_docs: int = 0
    n_shards: int = 0
    unreadable: list[str] = field(default_factory=list)


class RunFolder:
    """Where a run writes. Runs before it that were killed are closed first.

    output (Path): The folder of annotations.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self.placed_ids = output / RAY / "ids"
        self.placed_ids.mkdir(parents=True, exist_ok=True)
        for earlier in sorted([*(output / RAY).glob(f"{CLOSED}*"), *(output / RAY).glob("run-*")]):
            self._close(earlier)
        for name in self.placed():
            if not (output / name).is_file():  # somebody removed it: its documents are read again
                (self.placed_ids / name).unlink()
        numbers = [int(name.split("-")[1]) for name in self.placed()]
        self.run = output / RAY / f"run-{max(numbers, default=-1) + 1:05}-{uuid4().hex[:8]}"
        self.data, self.ids, self.notes = (self.run / name for name in ("data", "ids", "notes"))
        self._n_docs: dict[str, int] = {}
        for folder in (self.data, self.ids, self.notes):
            folder.mkdir(parents=True)

    def placed(self) -> list[str]:
        """RETURNS (list[str]): Names of shards that are in their place."""
        return sorted(path.name for path in self.placed_ids.iterdir())

    def done(self) -> Any:
        """RETURNS (ndarray): Sorted numbers of the rows that are in their place."""
        from pyarrow import parquet

        found = [parquet.read_table(self.placed_ids / name)[KEY].to_numpy() for name in self.placed()]
        return np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)

    def n_committed(self) -> int:
        """RETURNS (int): Documents that this run has written so far. It is asked again and again, of many files."""
        from pyarrow import parquet

        for path in _committed(self.ids):
            if path.name not in self._n_docs:
                self._n_docs[path.name] = parquet.read_metadata(path).num_rows
        return sum(self._n_docs.values())

    def close(self) -> Closed:
        """Put the shards of this run into their place. RETURNS (Closed): What there was."""
        return self._close(self.run)

    def _close(self, run: Path) -> Closed:
        if not run.name.startswith(CLOSED):
            run = run.rename(run.with_name(CLOSED + run.name))  # from here on, nobody finds a way to it
        found = Closed()
        number = run.name.removeprefix(CLOSED).split("-")[1]
        for ids in _committed(run / "ids"):
            task = int(ids.stem.rpartition("_")[2])
            n_docs = self._place(ids, run / "data" / ids.name, f"part-{number}-{task:05}.parquet")
            found.n_docs += n_docs
            found.n_shards += n_docs > 0
        if (run / "notes").is_dir():
            found.unreadable += [path.read_text(encoding="utf8") for path in sorted((run / "notes").iterdir())]
        shutil.rmtree(run)
        return found

    def _place(self, ids: Path, data: Path, name: str) -> int:
        """Put a shard into its place, and then the numbers of its rows. RETURNS (int): How many there are."""
        from pyarrow import parquet

        n_docs = parquet.read_metadata(ids).num_rows
        if data.exists():
            table = _read_whole(data, n_docs)
            if table is None:
                return 0
            write_errors(self.output / name, [(row[ID], row[ERROR]) for row in table.to_pylist() if row[ERROR]])
            data.rename(self.output / name)
        elif not (self.output / name).is_file():  # nobody knows where its rows are: they are read again
            return 0
        ids.rename(self.placed_ids / name)
        return n_docs


def _read_whole(data: Path, n_docs: int) -> Any:
    """RETURNS (pyarrow.Table | None): Ids and errors. None if it was committed, and then begun anew by another task
    that was killed."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(data, columns=[ID, ERROR])
    except (pa.ArrowException, OSError):
        return None
    return table if table.num_rows == n_docs else None


def _committed(ids: Path) -> list[Path]:
    return [path for path in sorted(ids.glob("*.parquet")) if not path.name.endswith(PENDING)]
