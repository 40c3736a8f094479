"""How many small mistakes in the code the tests find.

    python -m tools.mutate --sample 300

Copies the tree, runs the tests once to see which of them runs which line, and then, for each mutant of a seeded
sample, the quickest of those that run its line, until the first fails. One parent imports the libraries; each mutant is
a fork of it that imports the package. Results are written after each mutant, and a run that was broken off goes on
where it stopped. What was read and does the same as the code stands in the same file, by name and with the reason.
"""

import importlib
import json
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Any

import typer

from tools.covering_tests import Tests, record_tests
from tools.forked_tests import in_child, run_tests
from tools.mutants import Mutant, mutants_of

ROOT = Path(__file__).parent.parent
ROOMS = ("packing", "modeling", "layers")
# Tests of other rooms, which alone reach some lines of these.
READERS = ("tests/checkpoints", "tests/explanations/test_explain_estimate.py")
RESULTS = ROOT / "results" / "mutation.json"
FOLDERS = ("spacy_hat", "tests", "tools", "scripts", "benchmarks", "configs", "docs", "results")
FILES = ("pyproject.toml", "setup.cfg", "README.md")
FOUND = ("killed", "timeout")
# A compiled file is told by the second in which its source was written: no two mutants have the same.
SECONDS = count(1)
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
PRELOADED = [
    "torch",
    "transformers.modeling_utils",
    "spacy.lang.en",
    "spacy_transformers",
    "thinc.api",
    "pytest",
    "hypothesis.strategies",
    "safetensors.torch",
]


@dataclass(frozen=True)
class Job:
    """One mutant of one module.

    module (str): Path of the module in the package.
    mutant (Mutant): The mutant.
    """

    module: str
    mutant: Mutant

    @property
    def name(self) -> str:
        """RETURNS (str): A name that stays when lines move."""
        return f"{self.module} {self.mutant.name}"


def all_jobs(root: Path, rooms: tuple[str, ...]) -> list[Job]:
    """RETURNS (list[Job]): Every mutant of every module of some rooms."""
    package = root / "spacy_hat"
    modules = [path for room in rooms for path in sorted((package / room).rglob("*.py"))]
    return [
        Job(str(path.relative_to(package)), mutant)
        for path in modules
        for mutant in mutants_of(path.read_text(encoding="utf8"))
    ]


@contextmanager
def mutated(path: Path, mutant: Mutant) -> Iterator[None]:
    """A module that is a mutant as long as this is open."""
    original, times = path.read_bytes(), path.stat()
    path.write_text(mutant.source(), encoding="utf8")
    second = times.st_mtime + next(SECONDS)
    os.utime(path, (second, second))
    try:
        yield
    finally:
        path.write_bytes(original)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def try_mutant(root: Path, job: Job, tests: Tests, seconds: float) -> tuple[str, str]:
    """Run the tests of a mutant's line in a tree that has the mutant.

    root (Path): The tree, which is as it was afterwards.
    job (Job): The mutant.
    tests (Tests): Which test runs which line.
    seconds (float): What the tests take together, unmutated.
    RETURNS (tuple[str, str]): `killed`, `survived`, `timeout`, `error` (the tests could not be run, with the mutant or
        without), or `unreached` if no test runs the line; and the test that failed.
    """
    names = tests.of(job.module, job.mutant.line, seconds)
    if not names:
        return "unreached", ""
    limit = 20 + 10 * sum(tests.seconds[name] for name in names)
    with mutated(root / "spacy_hat" / job.module, job.mutant):
        outcome, test = run_tests(root, names, limit)
    # A package that cannot be imported is found by any test; a test that cannot be run finds nothing.
    if outcome == "error" and run_tests(root, names, limit)[0] == "survived":
        return "killed", "import"
    return outcome, test


def copy_tree(source: Path, root: Path) -> None:
    """Copy what the tests need, without compiled files: nothing stale can be imported."""
    for folder in FOLDERS:
        if (source / folder).is_dir():
            shutil.copytree(source / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        if (source / file).is_file():
            shutil.copy(source / file, root)


def summary(results: list[dict[str, Any]], equivalent: dict[str, str]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): How many were found, and the share of those that are not equivalent."""
    counted = [result for result in results if result["name"] not in equivalent]
    found = [result for result in counted if result["outcome"] in FOUND]
    return {
        "mutants": len(results),
        "equivalents": len(results) - len(counted),
        "killed": len(found),
        "share": round(len(found) / max(len(counted), 1), 4),
        "survivors": [result["name"] for result in counted if result not in found],
    }


def read_results(path: Path) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): `results` of earlier runs, by name, and `equivalent`, empty where there is no file."""
    read = json.loads(path.read_text(encoding="utf8")) if path.exists() else {}
    return {
        "results": {result["name"]: result for result in read.get("results", [])},
        "equivalent": read.get("equivalent", {}),
    }


def write_results(path: Path, seed: int, found: dict[str, Any]) -> None:
    """Write what was found so far, with its figures."""
    results = list(found["results"].values())
    figures = {"seed": seed, **summary(results, found["equivalent"])}
    figures |= {"equivalent": found["equivalent"], "results": results}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf8")


def mutation_run(
    source: Path,
    out: Path,
    *,
    sample: int,
    seed: int = 0,
    rooms: tuple[str, ...] = ROOMS,
    seconds: float = 10.0,
    again: bool = False,
    workers: int = 1,
    record: Path | None = None,
) -> None:
    """Try a sample of the mutants of a tree; what has a result is not tried again.

    source (Path): The tree, which stays as it is.
    out (Path): Results, JSON.
    sample (int): Number of mutants.
    seed (int): Which sample.
    rooms (tuple[str, ...]): Rooms of the package.
    seconds (float): Of tests for each mutant, as long as they take.
    again (bool): Try those again that were not found, and are not equivalent.
    workers (int): Trees in which mutants are tried at the same time.
    record (Path | None): Where it stands, or shall stand, which test runs which line.
    """
    found = read_results(out)
    everything = all_jobs(source, rooms)
    # What was drawn stays drawn when the code has changed in between; a mutant of a line that is gone is replaced.
    jobs = [job for job in everything if job.name in found["results"]][:sample]
    others = [job for job in everything if job.name not in found["results"]]
    jobs += random.Random(seed).sample(others, min(sample - len(jobs), len(others)))
    found["results"] = {job.name: found["results"][job.name] for job in jobs if job.name in found["results"]}
    done = {name for name, one in found["results"].items() if one["outcome"] in FOUND or not again}
    done |= found["equivalent"].keys() if again else set()
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            copy_tree(source, tree := Path(folder) / f"tree{number}")
            trees.put(tree)
        record = record or Path(folder) / "record.json"
        if not record.exists():
            paths = [f"tests/{room}" for room in rooms]
            paths += [path for path in READERS if (tree / path).exists()]
            in_child(lambda: record_tests(tree, paths, record))
        tests = Tests(json.loads(record.read_text(encoding="utf8")))

        def attempt(job: Job) -> None:
            tree = trees.get()
            try:
                outcome, test = try_mutant(tree, job, tests, seconds)
            finally:
                trees.put(tree)
            typer.echo(f"{len(found['results']) + 1:4d} {outcome:9s} {job.name}")
            result = {"name": job.name, "line": job.mutant.line, "outcome": outcome, "test": test}
            found["results"][job.name] = result
            write_results(out, seed, found)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(attempt, [job for job in jobs if job.name not in done]))
    write_results(out, seed, found)


def main(
    sample: Annotated[int, typer.Option(min=1, help="Mutants of the sample")] = 300,
    seed: Annotated[int, typer.Option(help="Which sample")] = 0,
    rooms: Annotated[str, typer.Option(help="Rooms of the package, with commas between them")] = ",".join(ROOMS),
    seconds: Annotated[float, typer.Option(min=0.1, help="Of tests for each mutant, as long as they take")] = 10.0,
    again: Annotated[bool, typer.Option("--again", help="Try those again that were not found")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Mutants at the same time")] = 1,
    out: Annotated[Path, typer.Option("--json", help="Results; what is in it is not run again")] = RESULTS,
    record: Annotated[Path | None, typer.Option(help="Keep which test runs which line there, and read it")] = None,
) -> None:
    """Make mistakes in a copy of the package, and see which of them the tests find."""
    os.environ.update(ENVIRONMENT)
    for module in PRELOADED:
        importlib.import_module(module)
    chosen = tuple(rooms.split(","))
    mutation_run(
        ROOT,
        out.absolute(),
        sample=sample,
        seed=seed,
        rooms=chosen,
        seconds=seconds,
        again=again,
        workers=workers,
        record=record,
    )


if __name__ == "__main__":
    typer.run(main)
