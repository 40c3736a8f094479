"""How the disk is struck: it is too small, or does not take large files. Then it does, and the command goes on."""

import resource
import subprocess
from pathlib import Path
from random import Random
from shutil import copytree
from typing import Any

from .bench import FINISHED, Bench
from .strikes import Played

OPTIONS = ("--n-process", 2)
FULL = 2
"""Exit status of a command that could not go on."""
BLOCK = 4096


def disk_full(bench: Bench, output: Path, chance: Random) -> Played:
    """Write to a file system that is too small, make it larger, and go on.

    bench (Bench): What is read.
    output (Path): What has been written is copied there in the end.
    chance (Random): Draws the size.
    RETURNS (Played): What was done.
    """
    small = bench.root / f"small-{output.name}"
    small.mkdir()
    n_blocks = sum(-(-size // BLOCK) for size in _sizes(bench))
    moment = chance.uniform(0.05, 0.9)
    _mount(small, f"size={max(1, round(moment * n_blocks)) * BLOCK}")
    try:
        n_runs = _until_full(bench, small / "out", moment)
        _mount(small, "remount,size=1g")
        n_runs += bench.finish(small / "out", *OPTIONS)
        copytree(small / "out", output)
    finally:
        subprocess.run(["umount", str(small)], check=True)
    return Played(n_runs, moment)


def file_limit(bench: Bench, output: Path, chance: Random) -> Played:
    """Allow no file beyond a size, and go on without that.

    bench (Bench): What is read.
    output (Path): Where to.
    chance (Random): Draws the size.
    RETURNS (Played): What was done.
    """
    # With less, the command cannot say why it stops: its log is a file too.
    moment = chance.uniform(0.2, 0.9)
    limit = round(moment * max(_sizes(bench)))

    def forbid() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    n_runs = _until_full(bench, output, moment, preexec_fn=forbid)
    return Played(n_runs + bench.finish(output, *OPTIONS), moment)


def no_mount(folder: Path) -> str:
    """RETURNS (str): Why no file system can be mounted here; empty if one can be."""
    try:
        folder.mkdir(exist_ok=True)
        _mount(folder, "size=4096")
        subprocess.run(["umount", str(folder)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"needs the right to mount a file system ({error})"
    return ""


def _mount(folder: Path, options: str) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)


def _until_full(bench: Bench, output: Path, moment: float, **settings: Any) -> int:
    process = bench.begin(bench.command(output, *OPTIONS), **settings)
    process.wait()
    assert process.returncode not in FINISHED, f"{moment:.0%} of the space was enough"
    assert process.returncode == FULL, f"exit status {process.returncode}: {bench.told()}"
    return 1


def _sizes(bench: Bench) -> list[int]:
    """RETURNS (list[int]): Bytes of the files that are written where nothing is in the way."""
    return [path.stat().st_size for path in bench.undisturbed(*OPTIONS).output.rglob("*") if path.is_file()]
