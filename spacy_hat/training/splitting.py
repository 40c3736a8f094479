"""What a sentence is in a config: the components that find them, and how they go together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from ..choices import Unit, Units
from ..pipeline.units import check_settings


@dataclass(frozen=True)
class Splitting:
    """How a pipeline comes to its sentences.

    sentencizer (bool): Whether spaCy's sentencizer finds some.
    unit (Unit | None): What a `hat_units` component finds, after that.
    pattern (str | None): Its regular expression.
    """

    sentencizer: bool
    unit: Unit | None
    pattern: str | None

    @classmethod
    def of(cls, units: Sequence[str], pattern: str | None = None) -> "Splitting":
        """Read what a user asks for.

        units (Sequence[str]): `sentences`, a unit, or both.
        pattern (str | None): The regular expression of the unit `pattern`.
        RETURNS (Splitting): How to come to it.
        RAISES (ValueError): If a unit is unknown, there are two, or the pattern is missing or is not one.
        """
        names = list(dict.fromkeys(units))
        listed = ", ".join(get_args(Units))
        if not names or (unknown := [name for name in names if name not in get_args(Units)]):
            raise ValueError(f"Unknown unit: {', '.join(unknown) if names else 'none'}. Expected some of {listed}.")
        own = [name for name in names if name != "sentences"]
        if len(own) > 1:
            raise ValueError(
                f"The units {' and '.join(own)} do not go together. Expected: one of them, with sentences or without. "
                "Add another hat_units component, with keep = true, to the config by hand."
            )
        if own or pattern is not None:
            check_settings("hat_units", unit=own[0] if own else "lines", pattern=pattern, max_tokens=None, keep=False)  # type: ignore[arg-type]
        return cls("sentences" in names, own[0] if own else None, pattern)  # type: ignore[arg-type]

    @property
    def is_given(self) -> bool:
        return self.unit == "given"

    @property
    def components(self) -> list[str]:
        """The components that find sentences, in order."""
        return ["sentencizer"] * self.sentencizer + ["hat_units"] * (self.unit is not None)

    @property
    def listed(self) -> str:
        return json.dumps(self.components)

    @property
    def quoted_pattern(self) -> str:
        return json.dumps(self.pattern)

    @property
    def about(self) -> str:
        """What finds the segments, for a comment."""
        if self.unit is None:
            return "The sentencizer finds the segments."
        return f"{'The sentencizer and hat_units find' if self.sentencizer else 'hat_units finds'} the segments."
