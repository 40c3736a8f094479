"""Faults, each a row of a table.

A new one is a row in `SCENARIOS`: its name, what happens, in words for docs/reliability.md, and what plays it:

    def node_removed(bench: Bench, output: Path, chance: Random) -> Played: ...

The function begins a run that writes to `output`, does the harm at a moment drawn from `chance`, runs it again until it
ends by itself, and says how often it ran. `bench` has the pipeline, the documents and the command;
`interrupted` does all of it for commands that are struck while they run. Whatever is done, `referee.judge` then reads
all tables of Parquet in `output`: each document once, with the answer that it must have. `missing` says why it cannot
be played here, such as `needs_package("ray")`; empty: it can be. `python -m tests.faults --only NAME` plays one, and
`tests/faults/test_faults.py` plays each once, with a few documents.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from .bench import Bench
from .disks import disk_full, file_limit, no_mount
from .ray_strikes import ray_actor, ray_command, ray_node
from .strikes import Played, interrupted, kill_all, kill_command, kill_worker


def nothing(folder: Path) -> str:
    """RETURNS (str): What is missing where nothing is."""
    return ""


def needs_package(name: str) -> Callable[[Path], str]:
    """RETURNS (Callable[[Path], str]): Says whether a package is missing."""
    return lambda _: "" if importlib.util.find_spec(name) else f"needs {name}"


@dataclass(frozen=True)
class Scenario:
    """A fault.

    what (str): What happens, in words.
    play (Callable[[Bench, Path, Random], Played]): Makes it happen, and goes on.
    missing (Callable[[Path], str]): Of an empty folder, why it cannot be made to happen; empty if it can be.
    """

    what: str
    play: Callable[[Bench, Path, Random], Played]
    missing: Callable[[Path], str] = nothing


TWO = ("--n-process", 2)
SCENARIOS: dict[str, Scenario] = {
    "worker": Scenario(
        "SIGKILL of a process that reads, of two", partial(interrupted, strike=kill_worker, options=TWO)
    ),
    "command": Scenario(
        "SIGKILL of the command, which has two processes that read",
        partial(interrupted, strike=kill_command, options=TWO),
    ),
    "alone": Scenario("SIGKILL of the command, which reads by itself", partial(interrupted, strike=kill_command)),
    "machine": Scenario(
        "SIGKILL of the command and of all its processes at once", partial(interrupted, strike=kill_all, options=TWO)
    ),
    "disk": Scenario("a file system of random size, which is full", disk_full, no_mount),
    "limit": Scenario("a limit on the size of files, of random size", file_limit),
    "ray-actor": Scenario(
        "SIGKILL of one of two actors of Ray, or of the process that has its pipeline", ray_actor, needs_package("ray")
    ),
    "ray-node": Scenario("loss of one of two nodes of Ray, without notice", ray_node, needs_package("ray")),
    "ray-command": Scenario("SIGKILL of the command, whose cluster of Ray lives on", ray_command, needs_package("ray")),
}
