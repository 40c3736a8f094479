"""Documents as Parquet, which the extra `parquet` reads (pyarrow)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .sources import Source

ROWS_AT_ONCE = 256


def read_parquet(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the rows of a Parquet file, some at a time.

    source (Source): The file.
    YIELDS (tuple[str, dict[str, Any]]): Where it stands, and its values.
    RAISES (ValueError): If it is something else, or pyarrow is missing.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ValueError(
            f"{source.path} cannot be read without pyarrow. Install it: python -m pip install 'spacy-hat[parquet]'"
        ) from None
    number = 0
    try:
        with parquet.ParquetFile(source.path) as file:
            names = Counter(file.schema_arrow.names)
            if twice := [name for name, count in names.items() if count > 1]:
                raise ValueError(f"the column {twice[0]!r} stands twice")
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                for values in batch.to_pylist():
                    number += 1
                    yield f"{source.path}, row {number}", values
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        after = f" after row {number}" if number else ""
        raise ValueError(
            f"{source.path} cannot be read as Parquet{after} ({error}). Expected: a whole file in that form. Write it "
            "again."
        ) from None
