"""Whether every document stands exactly once in what was written, with the answer that it must have."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from spacy_hat.machine.kinds import RAY

from .bench import Bench

TOLERANCE = 1e-5


@dataclass
class Verdict:
    """What is wrong with an output.

    lost (list[str]): Ids that are in no row.
    twice (list[str]): Ids that are in several.
    strange (list[str]): Ids that no document has.
    wrong (list[str]): Ids whose row says something else than it must.
    left (list[str]): Names of files that should have been removed.
    """

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not any(vars(self).values())


def read_tables(folder: Path) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): Rows of all tables of Parquet in a folder, at any depth, that readers of folders
    do not pass over."""
    files = sorted(path for path in folder.rglob("*.parquet") if not _is_hidden(path.relative_to(folder)))
    return [row for path in files for row in parquet.read_table(path).to_pylist()]


def judge(bench: Bench, folder: Path) -> Verdict:
    """Compare a folder with what must be in it.

    bench (Bench): What it was made of.
    folder (Path): The output.
    RETURNS (Verdict): What is wrong with it.
    """
    rows = read_tables(folder)
    counts = Counter(row["id"] for row in rows)
    return Verdict(
        lost=[name for name in bench.expected if name not in counts],
        twice=[name for name, count in counts.items() if count > 1],
        strange=[name for name in counts if name not in bench.expected],
        wrong=[row["id"] for row in rows if row["id"] in bench.expected and not _is_right(bench, row)],
        left=[str(path.relative_to(folder)) for path in folder.rglob("*") if _is_left_over(path)],
    )


def _is_right(bench: Bench, row: dict[str, Any]) -> bool:
    expected = bench.expected[row["id"]]
    if expected.reason:
        return expected.reason in (row["error"] or "") and row["cats"] is None
    if row["error"] is not None or not row["cats"]:
        return False
    return expected.cats is None or dict(row["cats"]) == pytest.approx(expected.cats, abs=TOLERANCE)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _is_left_over(path: Path) -> bool:
    is_of_a_run = path.parent.name == RAY and path.name != "ids"
    return is_of_a_run or (path.is_file() and (path.name.startswith(".") or path.parent.name == "_reading"))
