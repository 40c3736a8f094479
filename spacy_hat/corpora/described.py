"""What files of documents are, in a few words and numbers: whether they are those of last time."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from .sources import Source


def describe_files(sources: Sequence[Source]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): How many files there are, their size, the latest time, and a hash of all of that."""
    stats = [(source, source.path.stat()) for source in sources]
    digest = hashlib.sha256()
    for source, stat in stats:
        name = (source.folder / source.path.name).as_posix()
        digest.update(json.dumps([name, source.form, stat.st_size, stat.st_mtime_ns]).encode())
    latest = max(stat.st_mtime for _, stat in stats)
    return {
        "files": len(stats),
        "bytes": sum(stat.st_size for _, stat in stats),
        "latest": datetime.fromtimestamp(latest, UTC).isoformat(timespec="seconds"),
        "sha256": digest.hexdigest(),
    }
