"""One attempt: what is done, what it may write, and what would be a wrong result."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .bench import Bench

Choice = TypeVar("Choice")
SECRET = "rosebud"


def nothing_wrong(_: Any) -> str:
    return ""


@dataclass
class Sandbox:
    """A folder for one attempt.

    root (Path): All of it.
    """

    root: Path

    def __post_init__(self) -> None:
        for folder in (self.work, self.outside, self.temporary):
            folder.mkdir(parents=True)
        self.secret.write_text(f"{SECRET}\n", encoding="utf8")
        self.precious.mkdir()
        (self.precious / "thesis.txt").write_text("Ten years of work.\n", encoding="utf8")

    @property
    def work(self) -> Path:
        """Where the attempt runs."""
        return self.root / "work"

    @property
    def outside(self) -> Path:
        """What it has no business with."""
        return self.root / "outside"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def secret(self) -> Path:
        return self.outside / "secret.txt"

    @property
    def precious(self) -> Path:
        return self.outside / "precious"

    @property
    def canary(self) -> Path:
        """What code that was run leaves behind."""
        return self.outside / "code-was-run"


@dataclass
class Case:
    """One attempt.

    what (str): In words, so that it can be made again by hand.
    run (Callable): Does it. Returns a result of CliRunner, or anything else for an interface of Python.
    must_fail (str): Why it may not succeed; empty if it may.
    wrong (Callable): From what `run` returned to what is wrong about it; empty if nothing is.
    outputs (list[Path]): What may be new afterwards.
    replaces (bool): Whether what was there of the outputs may be replaced.
    """

    what: str
    run: Callable[[], Any]
    must_fail: str = ""
    wrong: Callable[[Any], str] = nothing_wrong
    outputs: list[Path] = field(default_factory=list)
    replaces: bool = False


Builder = Callable[[Random, "Bench", Sandbox], Case]


def pick(random: Random, choices: Iterable[Choice]) -> Choice:
    return random.choice(list(choices))


def command(*arguments: object) -> Callable[[], Any]:
    """RETURNS (Callable): Runs a command of `python -m spacy hat` in this process."""
    from typer.testing import CliRunner

    from spacy_hat.cli import hat_cli

    return lambda: CliRunner().invoke(hat_cli, [str(argument) for argument in arguments])
