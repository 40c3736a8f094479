"""Some documents of a corpus, drawn from all of it: a sorted corpus begins with one class."""

from collections.abc import Callable, Iterable, Iterator
from random import Random

from spacy.language import Language
from spacy.training import Example

Read = Callable[[Language], Iterable[Example]]


class Sample:
    """A corpus, or some of its documents: the same each time that it is read, in the order of the corpus.

    read (Callable): The corpus.
    limit (int): Most documents; 0 for all.
    endless (bool): Whether it has no end, as with max_epochs = -1: then the first documents are taken.
    """

    def __init__(self, read: Read, limit: int = 0, *, endless: bool = False) -> None:
        self.read, self.limit, self.endless = read, limit, endless
        self.n_docs_in_all: int | None = None
        """Documents of the corpus, once it was read; None before, and for one without end."""

    def __call__(self, nlp: Language) -> Iterator[Example]:
        for _, example in self.numbered(nlp):
            yield example

    def numbered(self, nlp: Language) -> Iterator[tuple[int, Example]]:
        """YIELDS (tuple[int, Example]): The number of each document in the corpus, from 1, and the document."""
        if self.limit and not self.endless:
            yield from self._drawn(nlp)
            return
        number = 0
        for number, example in enumerate(self.read(nlp), start=1):
            yield number, example
            if number == self.limit:
                return
        self.n_docs_in_all = number

    def _drawn(self, nlp: Language) -> list[tuple[int, Example]]:
        """Each document of the corpus has the same chance; no more than `limit` are ever kept."""
        random, drawn, number = Random(0), [], 0
        for number, example in enumerate(self.read(nlp), start=1):
            if number <= self.limit:
                drawn.append((number, example))
            elif (place := random.randrange(number)) < self.limit:
                drawn[place] = (number, example)
        self.n_docs_in_all = number
        return sorted(drawn, key=lambda entry: entry[0])
