"""Make attempts from a seed, and have each judged."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from .bench import Bench
from .case import Sandbox
from .kinds import KINDS
from .referee import Verdict, judge

SLOW_SECONDS = 60


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


def work(chosen: list[Attempt]) -> dict[str, Counter[str]]:
    """Make attempts and print what went wrong. RETURNS (dict[str, Counter]): Kind -> outcome -> attempts."""
    root = Path(mkdtemp(prefix="attack-")).resolve()
    bench = Bench(root / "sound")
    bench.root.mkdir()
    counts: dict[str, Counter[str]] = {}
    for attempt in chosen:
        began = time.monotonic()
        what, verdict = attempt.run(bench, root)
        counts.setdefault(attempt.kind, Counter())[verdict.outcome] += 1
        told = f"    {ascii(what)[:600]}\n    in {root}"
        if not verdict.is_good or len(chosen) == 1:
            print(f"{attempt.kind} {attempt.number}: {verdict.outcome.upper()}: {verdict.why}\n{told}", flush=True)
        if (seconds := time.monotonic() - began) > SLOW_SECONDS:
            print(f"{attempt.kind} {attempt.number}: {seconds:.0f} seconds\n{told}", flush=True)
    return counts
