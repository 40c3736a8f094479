"""Which versions of Python, spaCy and transformers does the package work with? The tests run under each, and tell.

A *cell* is one combination. It gets a fresh virtual environment with the CPU build of PyTorch (where the index has it
under the version that the README installs) and the package's wheel, and runs the tests of its part of the package:

* `modeling` stands alone, so its cells have PyTorch, transformers and the wheel without its requirements.
* `whole` needs spacy-transformers, whose own requirements bound the transformers; its cells choose the spaCy.

Wheel and tests are those of the last commit. One JSON line a cell is written as soon as the cell ends, and a cell that
has passed is not run again, so an interrupted run goes on where it stopped.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tools.markdown_table import markdown_table as titled_table

ROOT = Path(__file__).parents[1]
TORCH = "torch==2.13.0"
TRANSFORMERS = ["4.45.*", "4.53.*", "5.*"]
# The lowest 3.8.x that the index has for an interpreter, beside the lower bounds of setup.cfg; and the highest.
SPACY = ["lowest", "highest"]
LOWER_BOUNDS = ["spacy-transformers==1.3.9", "transformers==4.45.*"]
QUICK_TESTS = ["tests/pipeline/test_nlp_serialization.py", "tests/pipeline/test_nlp_replace_listeners.py"]
SHOWN = ["python", "spacy", "transformers", "spacy-transformers", "thinc", "numpy", "torch"]
HEADERS = ["Python", "tests", "spaCy", "transformers", "spacy-transformers", "thinc", "numpy", "torch", "result"]


@dataclass(frozen=True)
class Cell:
    """One combination of versions.

    python (str): the interpreter, as on PATH.
    part (str): "modeling" or "whole".
    wanted (str): version of transformers for modeling, of spaCy for the whole; "lowest" and "highest" of 3.8 too.
    tests (tuple[str, ...]): what pytest is given.
    """

    python: str
    part: str
    wanted: str
    tests: tuple[str, ...]

    @property
    def key(self) -> str:
        """What tells the cell from all others."""
        return f"{self.name} {' '.join(self.tests)}"

    @property
    def name(self) -> str:
        """Name of its environment, fit for a folder."""
        return re.sub(r"[^\w.]+", "-", f"{Path(self.python).name}-{self.part}-{self.wanted.strip('.*')}")


def interpreters() -> list[str]:
    """RETURNS (list[str]): every Python on PATH from 3.11 up that runs, by its name."""
    names = [f"python3.{minor}" for minor in range(11, 30)]
    found = [name for name in names if shutil.which(name)]
    # A version manager puts names on PATH that lead nowhere.
    return [name for name in found if subprocess.run([name, "-c", ""], capture_output=True).returncode == 0]


def planned_cells(
    pythons: list[str], parts: list[str], transformers: list[str], spacys: list[str], tests: list[str]
) -> list[Cell]:
    """List the cells, modeling first. RETURNS (list[Cell]): one for each Python and version."""
    modeling = [Cell(python, "modeling", v, ("tests/modeling",)) for python in pythons for v in transformers]
    whole = [Cell(python, "whole", v, tuple(tests)) for python in pythons for v in spacys]
    return [cell for cell in [*modeling, *whole] if cell.part in parts]


def last_commit(folder: Path) -> Path:
    """Lay out the files of the last commit and build their wheel. RETURNS (Path): the wheel."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", "."]
    subprocess.run(build, check=True, cwd=folder)
    return next((folder / "dist").glob("*.whl"))


def run_cell(cell: Cell, *, work: Path, source: Path, wheel: Path) -> dict[str, Any]:
    """Make the environment of a cell, unless it is there, and run its tests in it.

    cell (Cell): what to install.
    work (Path): folder of the environments and logs, one for each cell.
    source (Path): the files of the commit, where the tests run.
    wheel (Path): the package.
    RETURNS (dict[str, Any]): versions, what pytest says last, failed tests, and whether all passed.
    """
    venv, log = work / cell.name, work / f"{cell.name}.log"
    with log.open("w", encoding="utf8") as file:
        for command in _install(cell, venv, wheel):
            if subprocess.run(command, stdout=file, stderr=subprocess.STDOUT).returncode:
                shutil.rmtree(venv, ignore_errors=True)
                return {"passed": False, "versions": {}, "summary": f"does not install: {_reason(log)}", "failed": []}
        tests = [str(venv / "bin" / "pytest"), "-q", "-p", "no:cacheprovider", "-rf", *cell.tests]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        environment.pop("PYTHONPATH", None)  # the tests are of the wheel
        done = subprocess.run(tests, stdout=file, stderr=subprocess.STDOUT, cwd=source, env=environment)
    lines = log.read_text(encoding="utf8").splitlines()
    return {
        "passed": done.returncode == 0,
        "versions": _versions(str(venv / "bin" / "python")),
        "summary": re.sub(r"(, \d+ warnings?)? in [\d.]+s.*|=", "", lines[-1]).strip(),
        "failed": [line.split(" ")[1] for line in lines if line.startswith("FAILED ")],
    }


def _install(cell: Cell, venv: Path, wheel: Path) -> list[list[str]]:
    """The commands that make the environment of a cell; if it is there, those that renew the wheel in it."""
    pip = [
        str(venv / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--disable-pip-version-check",
    ]
    renew = [*pip, "--no-deps", "--force-reinstall", str(wheel)]
    if venv.exists():
        return [renew]
    make = [cell.python, "-m", "venv", str(venv)]
    if cell.part == "modeling":
        return [make, [*pip, TORCH, f"transformers=={cell.wanted}", "pytest", "hypothesis"], renew]
    spacy = f"spacy=={spacy_version(cell) if cell.wanted in SPACY else cell.wanted}"
    bounds = LOWER_BOUNDS if cell.wanted == "lowest" else []
    return [make, [*pip, "--only-binary=spacy,thinc,blis", TORCH, spacy, *bounds, f"{wheel}[test]"]]


def spacy_version(cell: Cell) -> str:
    """RETURNS (str): the lowest or highest spaCy 3.8.x that the index has as a wheel for the cell's Python."""
    command = [cell.python, "-m", "pip", "index", "versions", "spacy", "--only-binary=:all:"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {tuple(map(int, version.split("."))) for version in re.findall(r"\b3\.8\.\d+\b", listed)}
    return ".".join(map(str, min(found) if cell.wanted == "lowest" else max(found)))


def _versions(python: str) -> dict[str, str]:
    """RETURNS (dict[str, str]): name -> version of what an environment has, Python included."""
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True)
    installed = {package["name"].lower(): package["version"] for package in json.loads(listed.stdout)}
    number = subprocess.run([python, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    return {"python": number, **{name: installed[name] for name in SHOWN if name in installed}}


def _reason(log: Path) -> str:
    """RETURNS (str): the last error of pip in a log."""
    errors = [line for line in log.read_text(encoding="utf8").splitlines() if line.startswith("ERROR:")]
    return errors[-1].removeprefix("ERROR: ") if errors else "see the log"


def read_results(out: Path) -> dict[str, dict[str, Any]]:
    """RETURNS (dict[str, dict[str, Any]]): key of a cell -> its last line in the file."""
    lines = out.read_text(encoding="utf8").splitlines() if out.exists() else []
    return {result["cell"]: result for result in map(json.loads, lines)}


def markdown_table(results: list[dict[str, Any]]) -> str:
    """RETURNS (str): one row for each cell."""
    rows = []
    for result in results:
        versions = {"python": result["python"], **result["versions"]}
        wanted = {"modeling": "transformers", "whole": "spacy"}[result["part"]]
        versions.setdefault(wanted, result["wanted"])
        shown = [versions.get(name, "") for name in SHOWN]
        rows.append([shown[0], " ".join(result["tests"]), *shown[1:], result["summary"]])
    return titled_table(HEADERS, rows)


def main(
    python: Annotated[list[str] | None, typer.Option(help="An interpreter; without it all from 3.11 up")] = None,
    part: Annotated[list[str] | None, typer.Option(help="modeling or whole; without it both")] = None,
    transformers: Annotated[list[str] | None, typer.Option(help="A version for modeling, such as 4.45.*")] = None,
    spacy: Annotated[
        list[str] | None, typer.Option(help="A version for the whole; lowest and highest of 3.8 too")
    ] = None,
    tests: Annotated[list[str] | None, typer.Option(help="What pytest is given in cells of the whole")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Saving, loading and listeners only, in cells of the whole")
    ] = False,
    report: Annotated[bool, typer.Option("--report", help="Only show the results that are there")] = False,
    work: Annotated[Path, typer.Option(help="Folder of the environments and the logs")] = Path("assets/versions"),
    out: Annotated[Path, typer.Option(help="Results, one JSON line a cell")] = Path("metrics/versions.jsonl"),
) -> None:
    """Run the tests under every combination of versions, and print the table."""
    console = Console()
    tests = tests or (QUICK_TESTS if quick else ["tests"])
    cells = planned_cells(
        python or interpreters(), part or ["modeling", "whole"], transformers or TRANSFORMERS, spacy or SPACY, tests
    )
    source = work.resolve() / "source"
    todo = [cell for cell in cells if not read_results(out).get(cell.key, {}).get("passed")]
    if report:
        todo = []
    wheel = last_commit(source) if todo else Path()
    for cell in todo:
        console.print(cell.key, style="bold", highlight=False)
        result = {"cell": cell.key, **asdict(cell), **run_cell(cell, work=work.resolve(), source=source, wheel=wheel)}
        console.print(f"  {result['summary']}", *(f"\n  {name}" for name in result["failed"]))
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a", encoding="utf8") as file:
            file.write(json.dumps(result) + "\n")
    results = read_results(out)
    typer.echo(markdown_table([results[cell.key] for cell in cells if cell.key in results]))


if __name__ == "__main__":
    typer.run(main)
