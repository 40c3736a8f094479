"""Faults at random moments: `python -m tests.faults --times 10 --seed 0 --json results/faults.json`"""

import argparse
import json
import os
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

# Before the imports that read them.
os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "NO_COLOR": "1"}

from spacy_hat.machine.processor import describe_machine

from .bench import Bench
from .referee import judge
from .scenarios import SCENARIOS


def main() -> None:
    """Play scenarios, print what became of the documents, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="How often each of them")
    parser.add_argument("--docs", type=int, default=2000, help="Documents; one in a hundred is poison")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=[*SCENARIOS], help="Only this one")
    parser.add_argument("--json", type=Path, help="Figures, written after each time; what is there is not done again")
    options = parser.parse_args()
    figures = json.loads(options.json.read_text(encoding="utf8")) if options.json and options.json.is_file() else {}
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "bench", options.docs)
        names = [name for name in options.only or SCENARIOS if is_possible(name, Path(folder))]
        for number in range(options.times):
            for name in names:  # each once before any of them twice
                figure = figures.setdefault(name, about(name, bench))
                if number == len(figure["trials"]):
                    figure["trials"].append(play(name, bench, Path(folder) / f"{name}-{number}", options.seed + number))
                    print(name, number, figure["trials"][-1], flush=True)
                    if options.json is not None:
                        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
    print(json.dumps(figures, indent=2))
    if any(trial["wrong"] for figure in figures.values() for trial in figure["trials"]):
        raise SystemExit(1)


def is_possible(name: str, folder: Path) -> bool:
    """RETURNS (bool): Whether a scenario can be played here; printed if it cannot be."""
    reason = SCENARIOS[name].missing(folder / "missing")
    if reason:
        print(f"{name}: left out, {reason}")
    return not reason


def play(name: str, bench: Bench, output: Path, seed: int) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What was done, and what is wrong with the output."""
    begun = time.monotonic()
    try:
        played = SCENARIOS[name].play(bench, output, Random(f"{name} {seed}"))
    except AssertionError as error:  # it did not end as it must
        return {"wrong": {"end": [str(error)]}}
    wrong = {what: found[:5] for what, found in vars(judge(bench, output)).items() if found}
    return {**vars(played), "seconds": round(time.monotonic() - begun, 1), "wrong": wrong}


def about(name: str, bench: Bench) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What a scenario is, without trials."""
    return {
        "what": SCENARIOS[name].what,
        "date": time.strftime("%Y-%m-%d"),
        "machine": describe_machine(),
        "docs": bench.n_docs,
        "poisoned": bench.n_poisoned,
        "trials": [],
    }


if __name__ == "__main__":
    main()
