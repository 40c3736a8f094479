"""How many documents a file has, where that is known without reading them."""

from .parquet import count_parquet
from .sources import Source

CHUNK = 2**20


def count_rows(source: Source) -> int | None:
    """Count the documents of a file: exactly in Parquet and texts, as lines in .jsonl.

    source (Source): The file.
    RETURNS (int | None): How many there are; None where only reading tells.
    RAISES (ValueError): If a Parquet file cannot be read.
    """
    if source.form == "txt":
        return 1
    if source.form == "parquet":
        return count_parquet(source)
    if source.form == "jsonl" and not source.is_compressed:
        with source.path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))
    return None
