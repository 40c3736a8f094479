"""Wall time, split into stages that run inside each other. Code marks its stages; whoever wants to know holds a watch.

with stage("encoder"):      costs a look at a variable, unless somebody holds a stopwatch:
    ...                     with Stopwatch("rest").held() as watch: ...
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import TypeVar

import torch

T = TypeVar("T")


def finished_time() -> float:
    """RETURNS (float): The time in seconds, once a GPU has done all it was given; it answers before it has."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return perf_counter()


class Stopwatch:
    """Each moment counts for the innermost stage that runs, so the stages add up to the time that passed.

    rest (str): The stage of all moments in which no other one runs.
    clock (Callable[[], float]): Tells the time, in seconds. For a GPU, one that waits for it first: otherwise its work
        counts for whichever stage happens to need the result.
    """

    def __init__(self, rest: str, clock: Callable[[], float] = perf_counter) -> None:
        self.seconds: dict[str, float] = {}
        self.amounts: Counter[str] = Counter()
        """What `tally` was told while the watch was held."""
        self._clock = clock
        self._stages = [rest]
        self._since = clock()

    @contextmanager
    def held(self) -> Iterator["Stopwatch"]:
        """Have the stages that run meanwhile, in this thread, timed. YIELDS (Stopwatch): This one."""
        token = _HELD.set(self)
        try:
            yield self
        finally:
            _HELD.reset(token)

    def begin(self, name: str) -> None:
        """Begin a stage; the one that it runs in pauses meanwhile."""
        self.tick()
        self._stages.append(name)

    def end(self) -> None:
        """End the stage that was begun last."""
        self.tick()
        self._stages.pop()

    def tick(self) -> None:
        """Bring the seconds up to the present moment."""
        now = self._clock()
        current = self._stages[-1]
        self.seconds[current] = self.seconds.get(current, 0.0) + now - self._since
        self._since = now


_HELD: ContextVar[Stopwatch | None] = ContextVar("held_stopwatch", default=None)


class stage(ContextDecorator):  # noqa: N801  a context, and a decorator of functions
    """A stage of the stopwatch that is held, if any.

    name (str): Of the stage.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        if (watch := _HELD.get()) is not None:
            watch.begin(self.name)

    def __exit__(self, *error: object) -> None:
        if (watch := _HELD.get()) is not None:
            watch.end()


def tally(**amounts: int) -> None:
    """Add to what the stopwatch that is held has counted, if any.

    **amounts (int): Name -> how many more.
    """
    if (watch := _HELD.get()) is not None:
        watch.amounts.update(amounts)


def steps(name: str, stream: Iterable[T]) -> Iterator[T]:
    """YIELDS (T): What the stream yields; making each item is the stage, what is done with it is not."""
    items, end = iter(stream), object()
    while True:
        with stage(name):
            item = next(items, end)
        if item is end:
            return
        yield item  # type: ignore[misc]
