"""Documents as Parquet, which the extra `parquet` reads (pyarrow)."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .sources import Source

ROWS_AT_ONCE = 256


def read_parquet(source: Source, start: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the rows of a Parquet file, some at a time.

    source (Source): The file.
    start (int): How many rows to leave out at the beginning; whole row groups of them are not even read.
    YIELDS (tuple[str, dict[str, Any]]): Where it stands, and its values.
    RAISES (ValueError): If it is something else, or pyarrow is missing.
    """
    number = 0
    with _opened(source, lambda: number) as file:
        names = Counter(file.schema_arrow.names)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"the column {twice[0]!r} stands twice")
        groups: list[int] = []
        for group in range(file.num_row_groups):
            n_rows = file.metadata.row_group(group).num_rows
            if groups or number + n_rows > start:
                groups.append(group)
            else:
                number += n_rows
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, row_groups=groups):
            for values in batch.to_pylist():
                number += 1
                if number > start:
                    yield f"{source.path}, row {number}", values


def parquet_schema(source: Source) -> Any:
    """RETURNS (pyarrow.Schema): The columns of a Parquet file. RAISES (ValueError): As `read_parquet`."""
    with _opened(source) as file:
        return file.schema_arrow


def count_parquet(source: Source) -> int:
    """RETURNS (int): Rows of a Parquet file. RAISES (ValueError): As `read_parquet`."""
    with _opened(source) as file:
        return file.metadata.num_rows


@contextmanager
def _opened(source: Source, n_read: Callable[[], int] = lambda: 0) -> Iterator[Any]:
    """YIELDS (ParquetFile): The file. RAISES (ValueError): If it is something else, or pyarrow is missing."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ValueError(
            f"{source.path} cannot be read without pyarrow. Install it: python -m pip install 'spacy-hat[parquet]'"
        ) from None
    try:
        with parquet.ParquetFile(source.path) as file:
            yield file
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        after = f" after row {n_read()}" if n_read() else ""
        raise ValueError(
            f"{source.path} cannot be read as Parquet{after} ({error}). Expected: a whole file in that form. Write it "
            "again."
        ) from None
