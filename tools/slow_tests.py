"""Which tests the quick loop leaves out, because they take long.

    python -m tools.slow_tests

Runs the tests of `nox -s quick`, and those that it left out for this reason, and writes `tests/slow.txt` anew: on an
idle machine, please.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import typer

ROOT = Path(__file__).parent.parent
LIST = ROOT / "tests" / "slow.txt"


def seconds_of(report: Path) -> dict[str, float]:
    """The longest time of each test function, fixtures included.

    report (Path): What `pytest --junitxml` wrote.
    RETURNS (dict[str, float]): Seconds by name, as pytest names a function: `tests/folder/test_file.py::test_name`.
    """
    seconds: dict[str, float] = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (a report of our own)
        path = case.get("classname", "").replace(".", "/")
        name = f"{path}.py::{case.get('name', '').partition('[')[0]}"
        seconds[name] = max(seconds.get(name, 0.0), float(case.get("time", 0.0)))
    return seconds


def main(
    limit: Annotated[float, typer.Option(min=0.0, help="Seconds that a test of the quick loop takes at most")] = 0.15,
    workers: Annotated[int, typer.Option(min=1, help="Processes")] = 2,
    report: Annotated[Path | None, typer.Option(help="A report of --junitxml that is there already")] = None,
) -> None:
    """Write the list of slow tests anew."""
    with tempfile.TemporaryDirectory() as folder:
        if report is None:
            report = Path(folder) / "report.xml"
            options = ["-q", "-n", str(workers), "-m", "not slow or listed", f"--junitxml={report}"]
            subprocess.run([sys.executable, "-m", "pytest", *options, "tests"], cwd=ROOT, check=True)
        seconds = seconds_of(report)
    slow = sorted(name for name, found in seconds.items() if found > limit)
    LIST.write_text("".join(f"{name}\n" for name in slow), encoding="utf8")
    quick = sum(found for name, found in seconds.items() if name not in slow)
    typer.echo(f"{len(slow)} of {len(seconds)} tests are slow; the others take {quick:.0f} s, importing aside")


if __name__ == "__main__":
    typer.run(main)
