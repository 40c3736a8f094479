"""Make attempts from a seed, and have each judged."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from .bench import Bench
from .case import Sandbox
from .kinds import KINDS
from .referee import Verdict, judge


@dataclass(frozen=True)
class Attempt:
    """One attempt, which its kind, number and seed make again.

    kind (str): One of KINDS.
    number (int): Among those of its kind.
    seed (int): Of all.
    """

    kind: str
    number: int
    seed: int = 0

    def run(self, bench: Bench, root: Path) -> tuple[str, Verdict]:
        """Make it and judge it.

        bench (Bench): Sound things.
        root (Path): Where it gets a folder, which stays if the verdict is bad.
        RETURNS (tuple[str, Verdict]): What it was, and the verdict.
        """
        sandbox = Sandbox(root / f"{self.kind.replace(' ', '-')}-{self.number}")
        build, _ = KINDS[self.kind]
        case = build(Random(f"{self.seed}/{self.kind}/{self.number}"), bench, sandbox)
        verdict = judge(case, sandbox)
        if verdict.is_good:
            shutil.rmtree(sandbox.root, ignore_errors=True)
        return case.what, verdict


def attempts(n: int, seed: int = 0) -> Iterator[Attempt]:
    """RETURNS (Iterator[Attempt]): At least n attempts, of every kind at least one."""
    whole = sum(share for _, share in KINDS.values())
    for kind, (_, share) in KINDS.items():
        for number in range(-(-n * share // whole)):
            yield Attempt(kind, number, seed)
