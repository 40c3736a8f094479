"""Wall time, split into stages that run inside each other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar

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
        self._clock = clock
        self._stages = [rest]
        self._since = clock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run the stage; the one that it runs in pauses meanwhile."""
        self.tick()
        self._stages.append(name)
        try:
            yield
        finally:
            self.tick()
            self._stages.pop()

    def tick(self) -> None:
        """Bring the seconds up to the present moment."""
        now = self._clock()
        current = self._stages[-1]
        self.seconds[current] = self.seconds.get(current, 0.0) + now - self._since
        self._since = now

    def timed(self, name: str, function: Callable[..., T]) -> Callable[..., T]:
        """RETURNS (Callable): The function, as a stage."""

        def run(*args: Any, **kwargs: Any) -> T:
            with self.stage(name):
                return function(*args, **kwargs)

        return run

    def steps(self, name: str, stream: Iterable[T]) -> Iterator[T]:
        """YIELDS (T): What the stream yields; making each item is the stage, what is done with it is not."""
        items, end = iter(stream), object()
        while True:
            with self.stage(name):
                item = next(items, end)
            if item is end:
                return
            yield item  # type: ignore[misc]
