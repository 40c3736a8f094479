"""What is found wrong with a pipeline and what it is to learn from: data, which callers print, warn of, or raise."""

from dataclasses import dataclass, field

from ..choices import Severity


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    kind (str): What it is, in words that never change.
    severity (Severity): `stops`: training cannot go on; `wastes`: it can, for nothing; `may be meant`: it may be.
    message (str): What, got, expected, how to fix it.
    component (str): The component that it is about; empty if it is about no particular one.
    counts (dict[str, int]): The numbers behind it.
    """

    kind: str
    severity: Severity
    message: str
    component: str = ""
    counts: dict[str, int] = field(default_factory=dict)


class HeadError(ValueError):
    """A head cannot be trained.

    finding (Finding): Why.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding

    def __reduce__(self) -> tuple[type["HeadError"], tuple[Finding]]:
        return HeadError, (self.finding,)


class HeadWarning(UserWarning):
    """A head can be trained, but will learn less than it is given.

    finding (Finding): What.
    """

    def __init__(self, finding: Finding) -> None:
        # As its argument, so that it can be made again elsewhere (pytest-xdist does).
        super().__init__(finding)
        self.finding = finding

    def __str__(self) -> str:
        return self.finding.message
