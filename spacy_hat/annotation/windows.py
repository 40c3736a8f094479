"""Documents that are in memory together: as many as a budget of characters takes, or one that is longer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..corpora.rows import Row
from .documents import Document
from .parts import Part

LEAST = 200
"""Characters that a document counts for at least: empty ones take memory too."""


@dataclass(frozen=True)
class Window:
    """Documents of one part, one after another.

    part (Part): The part.
    documents (list[Document]): In the input's order.
    is_cut_short (bool): Whether the input could not be read on after these.
    start (int): How many documents of the part come before.
    """

    part: Part
    documents: list[Document]
    is_cut_short: bool = False
    start: int = 0

    @property
    def rows(self) -> range:
        """RETURNS (range): Where they stand in the part."""
        return range(self.start, self.start + len(self.documents))

    def without_texts(self) -> "Window":
        """RETURNS (Window): The same, of documents that were read: what is left of them is written."""
        return replace(self, documents=[replace(one, text="", starts=None) for one in self.documents])


def spans_of_budget(lengths: Sequence[int], budget: int) -> list[slice]:
    """Cut documents that are there already into windows.

    lengths (Sequence[int]): Characters of each.
    budget (int): Characters of a window.
    RETURNS (list[slice]): Which documents are in each window.
    """
    spans: list[slice] = []
    start = size = 0
    for i, length in enumerate(lengths):
        cost = max(LEAST, length)
        if i > start and size + cost > budget:
            spans.append(slice(start, i))
            start, size = i, 0
        size += cost
    return [*spans, slice(start, len(lengths))]


def windows_of(
    parts: Iterator[tuple[Part, Iterator[Row]]],
    budget: int,
    make: Callable[[Row], Document],
    on_unreadable: Callable[[str], None],
) -> Iterator[Window]:
    """Cut parts into windows.

    parts (Iterator[tuple[Part, Iterator[Row]]]): Parts, and their rows.
    budget (int): Characters of a window.
    make (Callable[[Row], Document]): Makes documents of rows.
    on_unreadable (Callable[[str], None]): Called with what is wrong with a file that cannot be read on.
    YIELDS (Window): One or more of each part.
    """
    for part, rows in parts:
        documents: list[Document] = []
        size = start = 0
        try:
            for row in rows:
                document = make(row)
                cost = max(LEAST, len(document.text))
                if documents and size + cost > budget:
                    yield Window(part, documents, start=start)
                    start += len(documents)
                    documents, size = [], 0
                documents.append(document)
                size += cost
        except (ValueError, OSError) as error:
            on_unreadable(str(error))
            yield Window(part, documents, is_cut_short=True, start=start)
        else:
            yield Window(part, documents, start=start)
