"""How many small mistakes in the code the tests find.

    python -m tools.mutate --sample 300

Copies the tree, runs the tests once to see which of them runs which line, and then, for each mutant of a seeded
sample, the quickest of those that run its line, until the first fails. Results are written after each mutant, and a run
that was broken off goes on where it stopped.
"""

import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.covering_tests import Tests, record_tests
from tools.mutants import Mutant, mutants_of

ROOT = Path(__file__).parent.parent
ROOMS = ("packing", "modeling", "layers")
TEST_PATHS = [f"tests/{room}" for room in ROOMS]
# What has been read and does the same as the code, with the reason.
EQUIVALENT = ROOT / "results" / "mutation" / "equivalent.json"
PRELOADED = ("torch", "transformers", "spacy", "spacy_transformers", "pytest", "hypothesis", "safetensors.torch")


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


def run_tests(names: list[str], limit: float) -> str:
    """Run tests of the tree in the working directory, in a child, which imports the package anew.

    names (list[str]): Of tests.
    limit (float): Seconds of a processor after which it is killed: on a busy machine, those of a clock say nothing.
    RETURNS (str): `killed`, `survived` or `timeout`.
    """
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 60))
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        import pytest

        code = 1
        try:
            code = pytest.main([*names, "-x", "-q", "-p", "no:cacheprovider"])
        finally:
            os._exit(int(code))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGXCPU:
        return "timeout"
    return "survived" if code == 0 else "killed"


def try_mutant(root: Path, job: Job, tests: Tests, seconds: float) -> str:
    """RETURNS (str): `killed`, `survived`, `timeout`, or `unreached` if no test runs the line."""
    names = tests.of(job.module, job.mutant.line, seconds)
    if not names:
        return "unreached"
    path = root / "spacy_hat" / job.module
    original = path.read_text(encoding="utf8")
    path.write_text(job.mutant.source(), encoding="utf8")
    try:
        return run_tests(names, limit=20 + 10 * sum(tests.seconds[name] for name in names))
    finally:
        path.write_text(original, encoding="utf8")


def copy_tree(root: Path) -> None:
    """Copy what the tests need, without compiled files: nothing stale can be imported."""
    for folder in ("spacy_hat", "tests", "tools", "scripts", "benchmarks", "configs", "docs", "results"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "setup.cfg", "README.md"):
        shutil.copy(ROOT / file, root)


def summary(results: list[dict[str, Any]], equivalent: dict[str, str]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): How many were found, by room, and the share of those that are not equivalents."""
    counted = [result for result in results if result["name"] not in equivalent]
    found = [result for result in counted if result["outcome"] in ("killed", "timeout")]
    return {
        "mutants": len(results),
        "equivalent": len(results) - len(counted),
        "killed": len(found),
        "share": round(len(found) / max(len(counted), 1), 4),
        "survivors": [result["name"] for result in counted if result not in found],
    }


def main(
    sample: Annotated[int, typer.Option(min=1, help="Mutants of the sample")] = 300,
    seed: Annotated[int, typer.Option(help="Which sample")] = 0,
    rooms: Annotated[str, typer.Option(help="Rooms of the package, with commas between them")] = ",".join(ROOMS),
    seconds: Annotated[float, typer.Option(min=0.1, help="Of tests for each mutant, as long as they take")] = 10.0,
    only: Annotated[str, typer.Option(help="Only mutants that were not found before: --only survived")] = "",
    out: Annotated[Path, typer.Option("--json", help="Results; what is in it is not run again")] = ROOT
    / "results/mutation/sample.json",
    record: Annotated[Path | None, typer.Option(help="Keep which test runs which line there, and read it")] = None,
) -> None:
    """Make mistakes in a copy of the package, and see which of them the tests find."""
    sys.dont_write_bytecode = True
    root = Path(tempfile.mkdtemp(prefix="mutate-"))
    try:
        copy_tree(root)
        os.chdir(root)
        sys.path.insert(0, str(root))
        os.environ.update(PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="1")
        record = record or root / "record.json"
        if not record.exists():
            _in_child(lambda: record_tests(root, TEST_PATHS, record))
        for module in PRELOADED:
            __import__(module)
        tests = Tests(json.loads(record.read_text(encoding="utf8")))
        jobs = all_jobs(root, tuple(rooms.split(",")))
        jobs = random.Random(seed).sample(jobs, min(sample, len(jobs)))
        results = json.loads(out.read_text(encoding="utf8"))["results"] if out.exists() else []
        if only:
            results = [result for result in results if result["outcome"] != only]
        done = {result["name"] for result in results}
        out.parent.mkdir(parents=True, exist_ok=True)
        equivalent = json.loads(EQUIVALENT.read_text(encoding="utf8")) if EQUIVALENT.exists() else {}
        for job in jobs:
            if job.name in done:
                continue
            outcome = try_mutant(root, job, tests, seconds)
            typer.echo(f"{len(results) + 1:4d} {outcome:9s} {job.name}")
            results.append({"name": job.name, "line": job.mutant.line, "outcome": outcome})
            figures = {"seed": seed, **summary(results, equivalent), "results": results}
            out.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
    finally:
        shutil.rmtree(root)


def _in_child(work: Any) -> None:
    """In a process of its own, as it imports the package, which no mutant's process may find imported."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise RuntimeError("The tests could not be run without a mistake. Run them alone to see why.")


if __name__ == "__main__":
    typer.run(main)
