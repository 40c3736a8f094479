"""Lists of failed documents, one for each shard that has any, beside the shards."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..machine.atomic_output import new_file
from ..machine.kinds import ERRORS

Failed = tuple[str, str]
"""Id and error of a document."""


def write_errors(shard: Path, failed: Sequence[Failed]) -> None:
    """Write the list of a shard, if there is something in it, before the shard appears.

    shard (Path): The place of the shard.
    failed (Sequence[Failed]): Its failed documents.
    """
    if failed:
        with new_file(_place(shard)) as made:
            lines = [json.dumps({"id": one, "error": error}, ensure_ascii=False) for one, error in failed]
            made.write_text("\n".join(lines) + "\n", encoding="utf8")


def read_errors(shard: Path) -> list[Failed]:
    """RETURNS (list[Failed]): The failed documents of a shard."""
    file = _place(shard)
    if not file.is_file():
        return []
    # Lines end with a line feed only: JSON may hold other ends of lines.
    lines = [json.loads(line) for line in file.read_text(encoding="utf8").split("\n") if line]
    return [(line["id"], line["error"]) for line in lines]


def _place(shard: Path) -> Path:
    return shard.parent / ERRORS / f"{shard.stem}.jsonl"
