"""What was being read when a process was killed: the next run reads it where it can do no harm.

_reading/part-00000-00003.json    [[120, 180]]    rows of that part; removed with the shard in its place
"""

import json
from contextlib import suppress
from pathlib import Path

from .parts import Part

TRIES = 10
"""How often the folder is made again, where others who are done remove it, before it is said that it cannot be."""


class Journal:
    """Notes of what is being read, beside the shards.

    folder (Path): Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part: Part | None = None
        self._suspects: list[list[int]] = []

    def suspects(self, part: Part, rows: range) -> bool:
        """RETURNS (bool): Whether some of these rows were being read when a process was killed."""
        self._turn_to(part)
        return any(start < rows.stop and rows.start < stop for start, stop in self._suspects)

    def begin(self, part: Part, rows: range) -> None:
        """Note that rows are being read now, and no longer those that were noted before.

        part (Part): The part.
        rows (range): The rows.
        """
        self._turn_to(part)
        self._write([*self._suspects, [rows.start, rows.stop]])

    def forget(self, part: Part) -> None:
        """Forget a part that is done."""
        place = self._place_of(part)
        for path in (place, place.with_suffix(".new")):
            path.unlink(missing_ok=True)
        if part == self._part:
            self._part, self._suspects = None, []

    def close(self) -> None:
        """Stop reading, without harm: what was being read now is not to blame."""
        if self._part is not None:
            self._write(self._suspects)
        with suppress(OSError):  # others read there too, or have removed it
            self.folder.rmdir()

    def _turn_to(self, part: Part) -> None:
        if part == self._part:
            return
        self._part = part
        try:
            self._suspects = json.loads(self._place_of(part).read_text(encoding="utf8"))
        except (OSError, ValueError):  # there is none, most of the time
            self._suspects = []

    def _write(self, noted: list[list[int]]) -> None:
        assert self._part is not None
        place = self._place_of(self._part)
        if not noted:
            place.unlink(missing_ok=True)
            return
        made = place.with_suffix(".new")
        for tries_left in reversed(range(TRIES)):
            try:
                self.folder.mkdir(exist_ok=True)
                made.write_text(json.dumps(noted), encoding="utf8")
                break
            except (FileNotFoundError, FileExistsError):  # somebody who was done removed the empty folder in between
                if not tries_left:  # all of the output is gone, or there is a file in its place
                    raise
        made.replace(place)

    def _place_of(self, part: Part) -> Path:
        return self.folder / f"{part.name}.json"
