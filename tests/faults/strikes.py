"""How the command is struck: its processes are killed at a random moment."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from shutil import rmtree

from .bench import FINISHED, Bench

MOST_TRIES = 5


@dataclass(frozen=True)
class Played:
    """What was done.

    n_runs (int): How often the command was run until it ended by itself, the one that was struck too.
    moment (float): When it was struck, of the time that it takes, or of the space that it needs.
    missed (int): How often it had ended before.
    """

    n_runs: int
    moment: float
    missed: int = 0


def interrupted(
    bench: Bench,
    output: Path,
    chance: Random,
    *,
    strike: Callable[["subprocess.Popen[bytes]", Random], bool],
    options: tuple[object, ...] = (),
) -> Played:
    """Strike a command at a random moment, and run it again until it ends by itself.

    bench (Bench): What it reads.
    output (Path): Where to.
    chance (Random): Draws the moment.
    strike (Callable[[Popen, Random], bool]): Does the harm. RETURNS (bool): Whether it did.
    options (tuple[object, ...]): Of the command.
    RETURNS (Played): What was done.
    """
    seconds = bench.undisturbed(*options).seconds
    for missed in range(MOST_TRIES):
        rmtree(output, ignore_errors=True)
        moment = chance.random()
        struck_at = time.monotonic() + moment * seconds
        n_runs = 0
        while True:
            n_runs += 1
            process = bench.begin(bench.command(output, *options))
            if not _ended_before(process, struck_at) or process.returncode in FINISHED:
                break
            # A document killed it before.
            assert process.returncode == -signal.SIGKILL, f"{process.returncode}: {bench.told()}"
        if process.returncode is None and strike(process, chance):
            if process.wait() not in FINISHED:
                assert process.returncode == -signal.SIGKILL, f"{process.returncode}: {bench.told()}"
                n_runs += bench.finish(output, *options)
            return Played(n_runs, moment, missed)
        process.wait()
    raise AssertionError(f"ended before it could be struck, {MOST_TRIES} times")


def _ended_before(process: "subprocess.Popen[bytes]", moment: float) -> bool:
    try:
        process.wait(timeout=max(0.0, moment - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def kill_command(process: "subprocess.Popen[bytes]", chance: Random) -> bool:
    """Kill the first process, and leave the others to end by themselves."""
    process.kill()
    return True


def kill_all(process: "subprocess.Popen[bytes]", chance: Random) -> bool:
    """Kill all processes at once."""
    os.killpg(process.pid, signal.SIGKILL)
    return True


def kill_worker(process: "subprocess.Popen[bytes]", chance: Random) -> bool:
    """Kill one of the processes that the command began."""
    below = descendants(process.pid)
    if not below:
        return False
    try:
        os.kill(chance.choice(below), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """RETURNS (list[int]): Processes that a process began, and those that these began."""
    parents = {}
    for process in (path for path in Path("/proc").iterdir() if path.name.isdigit()):
        try:
            told = (process / "stat").read_text()
        except OSError:
            continue
        parents[int(process.name)] = int(told[told.rindex(")") + 2 :].split()[1])
    found, new = [], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found
