"""Documents that are in memory together: as many as a budget of characters takes, or one that is longer.

Towards the end of the input, windows are smaller: whoever reads the last one keeps the others waiting.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..corpora.rows import Row
from .documents import Document
from .parts import Part

LEAST = 200
"""Characters that a document counts for at least: empty ones take memory too."""
SMALLEST = 16
"""What part of the budget a window at the end of the input has at least."""
WINDOWS_LEFT = 2
"""What is left of the input is cut into so many windows at least for each of the workers."""


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


@dataclass
class Budget:
    """How many characters a window may have.

    most (int): Characters.
    n_workers (int): How many read windows at the same time.
    n_left (int | None): Documents that are not read yet; None if that is not known, and windows stay as they are.
    """

    most: int
    n_workers: int = 1
    n_left: int | None = None
    _n_docs: int = 0
    _n_characters: int = 0

    def spend(self, document: Document) -> int:
        """Count a document. RETURNS (int): What it counts for."""
        cost = max(LEAST, len(document.text))
        self._n_docs += 1
        self._n_characters += cost
        return cost

    def now(self) -> int:
        """RETURNS (int): Characters of a window that ends now: at the end, those that are left are shared out."""
        if self.n_workers == 1 or self.n_left is None:
            return self.most
        n_left = max(0, self.n_left - self._n_docs) * self._n_characters // max(1, self._n_docs)
        return max(self.most // SMALLEST, min(self.most, n_left // (WINDOWS_LEFT * self.n_workers)))


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
    budget: Budget,
    make: Callable[[Row], Document],
    on_unreadable: Callable[[str], None],
) -> Iterator[Window]:
    """Cut parts into windows.

    parts (Iterator[tuple[Part, Iterator[Row]]]): Parts, and their rows.
    budget (Budget): Characters of a window.
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
                cost = budget.spend(document)
                if documents and size + cost > budget.now():
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
