"""`python -m tests.attack --n 2000 --seed 0 --json results/attack.json`"""

import argparse
import json
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

# Before the imports that read them. The hub is not switched off: an attempt to reach it has to be seen.
os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "NO_COLOR": "1"}

from spacy_hat.machine.processor import describe_machine

from .kinds import KINDS
from .referee import BAD, GOOD
from .run import Attempt, attempts, work


def main() -> None:
    """Attack, print what went wrong, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="Attempts, at least")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="Processes")
    parser.add_argument("--kind", action="append", choices=[*KINDS], help="Only of this kind")
    parser.add_argument("--number", type=int, help="Only the one of this number")
    parser.add_argument("--json", type=Path, help="Write the figures there")
    options = parser.parse_args()
    chosen = [one for one in attempts(options.n, options.seed) if not options.kind or one.kind in options.kind]
    if options.number is not None:
        chosen = [Attempt(options.kind[0], options.number, options.seed)]
    start = time.monotonic()
    counts: dict[str, Counter[str]] = {}
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        for found in pool.map(work, [chosen[job :: options.jobs] for job in range(options.jobs)]):
            for kind, outcomes in found.items():
                counts.setdefault(kind, Counter()).update(outcomes)
    total = sum(counts.values(), Counter())
    figures = {
        "command": f"python -m tests.attack --n {options.n} --seed {options.seed}",
        "date": time.strftime("%Y-%m-%d"),
        "machine": describe_machine(),
        "attempts": total.total(),
        "seconds": round(time.monotonic() - start),
        "outcomes": {outcome: total[outcome] for outcome in (*GOOD, *BAD)},
        "kinds": {kind: dict(sorted(found.items())) for kind, found in counts.items()},
    }
    print(json.dumps(figures, indent=2))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
    if any(total[outcome] for outcome in BAD):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
