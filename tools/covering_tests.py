"""Which test runs which line: a plugin of pytest, and what reads its record."""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import coverage
import pytest

from tools.forked_tests import forget_package


class Recorder:
    """Notes the lines of the package that each test runs, and how long it takes.

    package (Path): Folder of the package.
    """

    def __init__(self, package: Path) -> None:
        self.coverage = coverage.Coverage(data_file=None, include=[f"{package}/*"], config_file=False)
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        start = perf_counter()
        yield
        self.seconds[item.nodeid] = perf_counter() - start
        self.coverage.switch_context("")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.skipped:
            self.seconds.pop(report.nodeid, None)


class Tests:
    """The tests of each line.

    record (dict): What `record_tests` wrote.
    """

    def __init__(self, record: dict) -> None:
        self.seconds: dict[str, float] = record["seconds"]
        self.lines: dict[str, dict[str, list[str]]] = record["lines"]

    def of(self, module: str, line: int, limit: float) -> list[str]:
        """The quickest tests that run a line; of a line that only an import runs, those that run any of its module.

        module (str): Path of the module in the package.
        line (int): The line.
        limit (float): Seconds that they take together, unmutated.
        RETURNS (list[str]): Their names, the quickest first.
        """
        lines = self.lines.get(module, {})
        names = lines.get(str(line)) or sorted({name for names in lines.values() for name in names})
        # One example of each test before the second of any.
        turns: dict[str, int] = defaultdict(int)
        queue = []
        for name in sorted((n for n in names if n in self.seconds), key=lambda n: (self.seconds[n], n)):
            function = name.partition("[")[0]
            queue.append((turns[function], self.seconds[name], name))
            turns[function] += 1
        chosen: list[str] = []
        total = 0.0
        for _, seconds, name in sorted(queue):
            if chosen and total + seconds > limit:
                continue
            chosen.append(name)
            total += seconds
        return chosen


def record_tests(root: Path, paths: list[str], out: Path) -> int:
    """Run tests once, and write which of them runs which line.

    root (Path): Of the tree.
    paths (list[str]): Of tests.
    out (Path): The record, JSON.
    RETURNS (int): 0.
    """
    os.chdir(root)
    sys.path.insert(0, str(root))
    forget_package()
    package = root / "spacy_hat"
    recorder = Recorder(package)
    recorder.coverage.start()
    pytest.main([*paths, "-q", "-p", "no:cacheprovider", "-p", "no:randomly"], plugins=[recorder])
    recorder.coverage.stop()
    data = recorder.coverage.get_data()
    lines = {}
    for file in sorted(data.measured_files()):
        contexts = data.contexts_by_lineno(file)
        lines[str(Path(file).relative_to(package))] = {
            str(line): sorted(name for name in names if name) for line, names in sorted(contexts.items())
        }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"seconds": recorder.seconds, "lines": lines}), encoding="utf8")
    return 0
