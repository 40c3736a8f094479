"""What Ray writes shards with. It imports nothing heavy: a process of Ray's does little else."""

from pathlib import Path
from typing import Any

from ray.data.datasource import BlockBasedFileDatasink, FilenameProvider

from .work import KEY


class ShardSink(BlockBasedFileDatasink):
    """Parquet, without the numbers of rows. A file sink of Ray's, so that it is committed in two phases.

    folder (Path): Where files are written.
    size (int): Least rows of a file, but the last.
    """

    def __init__(self, folder: Path, size: int) -> None:
        names = FilenameProvider(file_format="parquet")
        super().__init__(str(folder), min_rows_per_file=size, file_format="parquet", filename_provider=names)

    def write_block_to_file(self, block: Any, file: Any) -> None:
        """Write a file."""
        from pyarrow import parquet

        parquet.write_table(block.to_arrow().drop_columns([KEY]), file)
