"""What does not fit: one kind of error, and one report of missing, unexpected and misshapen weights."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

NAMES_SHOWN = 10
Shape = tuple[int, ...]


class RefusedError(ValueError):
    """Something from outside that does not pass the gate. Its message says what, why, and what to do."""


@dataclass(frozen=True)
class WeightProblems:
    """How the weights of a file differ from those that are expected.

    missing (list[str]): Names that the file lacks.
    unexpected (list[str]): Names that it has beyond them.
    misshapen (list[str]): Names whose shapes differ, with both shapes.
    """

    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    misshapen: list[str] = field(default_factory=list)

    @classmethod
    def between(
        cls, expected: Mapping[str, Shape], found: Mapping[str, Shape], *, optional: Collection[str] = ()
    ) -> "WeightProblems":
        """Compare by name and shape.

        expected (Mapping[str, tuple[int, ...]]): Name -> shape of every weight, in the order of the report.
        found (Mapping[str, tuple[int, ...]]): Those of the file that have to be among them.
        optional (Collection[str]): Expected names that may be missing.
        RETURNS (WeightProblems): What differs; false if nothing does.
        """
        return cls(
            missing=[name for name in expected if name not in found and name not in optional],
            unexpected=sorted(found.keys() - expected.keys()),
            misshapen=[
                f"{name} {tuple(found[name])}, expected {tuple(shape)}"
                for name, shape in expected.items()
                if name in found and tuple(found[name]) != tuple(shape)
            ],
        )

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.misshapen)

    def check(self, what: str, remedy: str) -> None:
        """Raise an error if anything differs.

        what (str): What does not fit what, as the beginning of a sentence.
        remedy (str): What to do.
        RAISES (RefusedError): With all names in one report.
        """
        if not self:
            return
        kinds = {"missing": self.missing, "unexpected": self.unexpected, "misshapen": self.misshapen}
        report = "\n".join(f"  {kind}: {shorten(names)}" for kind, names in kinds.items() if names)
        raise RefusedError(f"{what}:\n{report}\n{remedy}")


def shorten(names: list[str]) -> str:
    """RETURNS (str): The first ten names, and how many more there are."""
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown if len(names) <= NAMES_SHOWN else f"{shown} and {len(names) - NAMES_SHOWN} more"
