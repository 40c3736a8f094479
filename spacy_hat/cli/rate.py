"""How far a long run is: a bar where somebody looks, a line every 30 seconds in a log."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic
from typing import Any

from . import screen

SECONDS_BETWEEN = 30.0


class Rate:
    """Counts documents. Use it as a context, in which the bar is shown.

    clock (Callable[[], float]): Tells the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._stack = ExitStack()
        self._total: int | None = None
        self._n_done = self._n_failed = self._n_pieces = 0
        self._begun = self._told = clock()
        self._bars: Any = None

    def __enter__(self) -> "Rate":
        self._bars = self._stack.enter_context(screen.progress())
        self._bar = self._bars.add_task("Annotating", total=None)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def start(self, total: int | None) -> None:
        """Begin to count.

        total (int | None): Documents to come, about; None if that is not known.
        """
        self._total = total
        self._begun = self._told = self._clock()
        self._bars.update(self._bar, total=total)

    def advance(self, n_docs: int, n_failed: int, n_pieces: int = 0) -> None:
        """Count documents.

        n_docs (int): How many more are done.
        n_failed (int): How many of them failed.
        n_pieces (int): Pieces that encoders read of them.
        """
        self._n_done += n_docs
        self._n_failed += n_failed
        self._n_pieces += n_pieces
        self._bars.update(self._bar, completed=self._n_done, description=screen.shown(self.told()))
        now = self._clock()
        if self._bars.disable and now - self._told >= SECONDS_BETWEEN:
            self._told = now
            print(self.told(), file=sys.stderr, flush=True)

    def told(self) -> str:
        """RETURNS (str): How far it is, in words."""
        seconds = max(self._clock() - self._begun, 1e-9)
        rate = self._n_done / seconds
        parts = [f"{self._n_done:,}" + (f" of {self._total:,}" if self._total else "") + " documents"]
        parts.append(f"{rate:,.1f} a second")
        if self._n_pieces:
            parts.append(f"{self._n_pieces / seconds:,.0f} pieces a second")
        if self._total and rate and self._total > self._n_done:
            parts.append(f"{timedelta(seconds=round((self._total - self._n_done) / rate))} left")
        if self._n_failed:
            parts.append(f"{self._n_failed:,} failed")
        return ", ".join(parts)
