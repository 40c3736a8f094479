"""Which rows make a shard of the output: the same ones whoever reads them, and however many do.

unit    a file, or as many texts in a row as a shard has      00000        00001  ...
part    so many documents of a unit: a file of the output     00000 00001  00000  ...
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from ..corpora.row_counts import count_rows
from ..corpora.rows import Row, read_rows
from ..corpora.sources import Source

SEEKABLE = ("parquet", "txt")


@dataclass(frozen=True)
class Share:
    """Which of the parts are read here.

    number (int): Counted from 1.
    of (int): How many shares there are.
    """

    number: int = 1
    of: int = 1

    def has(self, index: int) -> bool:
        """RETURNS (bool): Whether something that is dealt out in turn falls to this share."""
        return index % self.of == self.number - 1


@dataclass(frozen=True)
class Unit:
    """Files that are read one after another.

    number (int): Counted from 0.
    sources (tuple[Source, ...]): One file, or several texts.
    """

    number: int
    sources: tuple[Source, ...]

    @property
    def is_seekable(self) -> bool:
        """RETURNS (bool): Whether its documents can be counted, and left out, without reading them."""
        return self.sources[0].form in SEEKABLE

    def count(self) -> int | None:
        """RETURNS (int | None): Its documents, as `count_rows` tells."""
        counts = [count_rows(source) for source in self.sources]
        return None if None in counts else sum(count for count in counts if count is not None)


@dataclass(frozen=True)
class Part:
    """The rows of one file of the output.

    unit (Unit): Where they are.
    number (int): Counted from 0 in the unit.
    """

    unit: Unit
    number: int

    @property
    def name(self) -> str:
        return f"part-{self.unit.number:05}-{self.number:05}"


def find_units(sources: Sequence[Source], size: int) -> list[Unit]:
    """Deal files out.

    sources (Sequence[Source]): The files.
    size (int): Documents of a part.
    RETURNS (list[Unit]): The units, in order.
    """
    groups: list[list[Source]] = []
    for source in sources:
        if source.form == "txt" and groups and groups[-1][0].form == "txt" and len(groups[-1]) < size:
            groups[-1].append(source)
        else:
            groups.append([source])
    return [Unit(number, tuple(group)) for number, group in enumerate(groups)]


class Input:
    """The parts of a share, and their rows.

    units (Sequence[Unit]): All units.
    size (int): Documents of a part.
    share (Share): Which parts are read.
    text (str): Name of the column with the text.
    is_done (Callable[[Part], bool]): Whether a part is there already.
    """

    def __init__(
        self, units: Sequence[Unit], size: int, share: Share, text: str, is_done: Callable[[Part], bool]
    ) -> None:
        self.units, self.size, self.share, self.text, self.is_done = units, size, share, text, is_done
        self.unreadable: list[str] = []
        """What was wrong with files that could not be read to their ends."""
        self.done: list[Part] = []
        """Parts of this share that were passed over, since they are there already."""
        self._is_dealt_whole = sum(not unit.is_seekable for unit in units) >= share.of

    def read(self) -> Iterator[tuple[Part, Iterator[Row]]]:
        """YIELDS (tuple[Part, Iterator[Row]]): A part, and its rows, which raise ValueError or OSError where the file
        cannot be read on. Read them before the next part."""
        n_parts = n_streams = 0
        for unit in self.units:
            try:
                if unit.is_seekable:
                    n_docs = unit.count() or 0
                    indices = range(n_parts, n_parts + -(-n_docs // self.size))
                    n_parts += len(indices)
                    yield from self._seek(unit, indices)
                else:
                    yield from self._stream(unit, n_streams)
                    n_streams += 1
            except (ValueError, OSError) as error:
                self.unreadable.append(str(error))

    def _seek(self, unit: Unit, indices: range) -> Iterator[tuple[Part, Iterator[Row]]]:
        for number, index in enumerate(indices):
            part = Part(unit, number)
            if self.share.has(index) and not self._is_passed_over(part):
                # Texts are a row each, and a part has all of a unit; other units have one file.
                yield part, islice(self._rows(unit, number * self.size), self.size)

    def _stream(self, unit: Unit, index: int) -> Iterator[tuple[Part, Iterator[Row]]]:
        """Parts of a file that has to be read from its beginning: all of one share if there are files enough."""
        if self._is_dealt_whole and not self.share.has(index):
            return
        rows, number = self._rows(unit, 0), 0
        while (first := next(rows, None)) is not None:
            part, left = Part(unit, number), chain([first], islice(rows, self.size - 1))
            is_ours = self._is_dealt_whole or self.share.has(index + number)
            if is_ours and not self._is_passed_over(part):
                yield part, left
            for _ in left:
                pass
            number += 1

    def _is_passed_over(self, part: Part) -> bool:
        if self.is_done(part):
            self.done.append(part)
            return True
        return False

    def _rows(self, unit: Unit, start: int) -> Iterator[Row]:
        return read_rows(unit.sources, text=self.text, start=start, strict=False)

    def count(self) -> int | None:
        """RETURNS (int | None): Documents still to be read, about; None if only reading tells."""
        total = n_parts = n_streams = 0
        for unit in self.units:
            n_docs = unit.count()
            if n_docs is None:
                return None
            numbers = range(-(-n_docs // self.size))
            for number in numbers:
                if unit.is_seekable:
                    is_ours = self.share.has(n_parts + number)
                else:
                    is_ours = self.share.has(n_streams if self._is_dealt_whole else n_streams + number)
                if is_ours and not self.is_done(Part(unit, number)):
                    total += min(self.size, n_docs - number * self.size)
            n_parts += len(numbers) * unit.is_seekable
            n_streams += not unit.is_seekable
        return total
