"""Tests in a child of this process, which has the libraries already and imports the package anew."""

import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

# What pytest answers where tests ran and one failed, or the package could not be imported as they were collected.
FAILED = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
# Seconds of a clock for each second of a processor: for what waits and does not compute.
PATIENCE = 30


class FirstFailure:
    """A plugin that writes the name of the first test that fails.

    path (Path): Where to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.path.write_text(report.nodeid, encoding="utf8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.path.write_text(report.nodeid, encoding="utf8")


def forget_package() -> None:
    """Have the package and its tests imported anew, from the tree in front of the path."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("spacy_hat", "tests")]:
        del sys.modules[name]


def in_child(work: Callable[[], int]) -> int:
    """RETURNS (int): What some work answers in a fork of this process; negative if a signal ended it."""
    child = os.fork()
    if child == 0:
        code = 1
        # Options of the run that this one is part of: workers would be processes that import another tree.
        os.environ.pop("PYTEST_ADDOPTS", None)
        try:
            code = int(work())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_tests(root: Path, names: list[str], limit: float) -> tuple[str, str]:
    """Run tests of a tree, until one fails.

    root (Path): Of the tree.
    names (list[str]): Of tests.
    limit (float): Seconds of a processor after which they are stopped: on a busy machine, those of a clock say nothing.
    RETURNS (tuple[str, str]): `killed`, `survived`, `timeout` or `error` (nothing was run); and the test that failed.
    """
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        failure = Path(folder) / "failure"
        code = in_child(lambda: _pytest(root, Path(folder), names, limit, FirstFailure(failure)))
        test = failure.read_text(encoding="utf8") if failure.exists() else ""
    if code in (-signal.SIGXCPU, -signal.SIGALRM):
        return "timeout", test
    if code == pytest.ExitCode.OK:
        return "survived", ""
    # Another signal is a crash, which any test would notice.
    return ("killed" if code in FAILED or code < 0 else "error"), test


def _pytest(root: Path, folder: Path, names: list[str], limit: float, plugin: FirstFailure) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 60))
    signal.alarm(int(limit * PATIENCE) + 1)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.chdir(root)
    sys.path.insert(0, str(root))
    os.environ["PYTHONPATH"] = str(root)
    sys.dont_write_bytecode = False
    forget_package()
    return pytest.main([*names, *OPTIONS, f"--basetemp={folder}/tests"], plugins=[plugin])
