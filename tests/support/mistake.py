"""One row of the tables: what a user did, and what the answer must hold."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .workshop import Workshop


@dataclass(frozen=True)
class Mistake:
    """A mistake.

    name (str): What the user did.
    act (Callable[[Workshop], Any]): Does it.
    parts (list[str]): What the message must hold: what is wrong, what was found, what was expected, what to do.
    kind (type[Exception]): Type of the error, or of the warning.
    """

    name: str
    act: Callable[[Workshop], Any]
    parts: list[str]
    kind: type[Exception] = ValueError

    def message(self, workshop: Workshop) -> str:
        """Make the mistake. RETURNS (str): What the user reads, in one line."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.act(workshop)
            except self.kind as error:
                return " ".join(str(error).split())
        messages = [" ".join(str(w.message).split()) for w in caught if issubclass(w.category, self.kind)]
        assert messages, f"no {self.kind.__name__} was raised or given"
        return next((message for message in messages if self.parts[0] in message), messages[0])

    def check(self, workshop: Workshop) -> None:
        message = self.message(workshop)
        missing = [part for part in self.parts if part not in message]
        assert not missing, f"{missing} not in: {message}"
