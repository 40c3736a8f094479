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
    parser.add_argument("--only", action="append", choices=[*SCENARIOS], help="Only this one; others stay as they are")
    parser.add_argument("--json", type=Path, help="Write the figures there, after each time")
    options = parser.parse_args()
    figures = json.loads(options.json.read_text(encoding="utf8")) if options.only and options.json.is_file() else {}
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "bench", options.docs)
        names = [name for name in options.only or SCENARIOS if is_possible(name, Path(folder))]
        trials: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for number in range(options.times):
            for name in names:  # each once before any of them twice: a run that is broken off has figures of all
                trials[name].append(play(name, bench, Path(folder) / f"{name}-{number}", options.seed + number))
                print(name, number, trials[name][-1], flush=True)
                figures[name] = summary(name, bench, trials[name])
                if options.json is not None:
                    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
    print(json.dumps(figures, indent=2))
    if any(figure["bad"] for figure in figures.values()):
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
    played = SCENARIOS[name].play(bench, output, Random(f"{name} {seed}"))
    wrong = {what: found[:5] for what, found in vars(judge(bench, output)).items() if found}
    return {**vars(played), "seconds": round(time.monotonic() - begun, 1), "wrong": wrong}


def summary(name: str, bench: Bench, trials: list[dict[str, Any]]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Figures of one scenario."""
    return {
        "what": SCENARIOS[name].what,
        "date": time.strftime("%Y-%m-%d"),
        "machine": describe_machine(),
        "docs": bench.n_docs,
        "poisoned": bench.n_poisoned,
        "times": len(trials),
        "bad": [trial for trial in trials if trial["wrong"]],
        "moments": [round(trial["moment"], 3) for trial in trials],
        "runs": [trial["n_runs"] for trial in trials],
        "missed": sum(trial["missed"] for trial in trials),
    }


if __name__ == "__main__":
    main()
