"""Commands killed in the middle: at a random one of the things that they do to the disk."""

import os
import signal
import time
from collections.abc import Callable
from random import Random
from typing import Any

from .bench import Bench
from .case import Case, Sandbox, pick
from .outputs import FOLDERS, make
from .referee import tree
from .watch import watched

MOST_SECONDS = 60


def killed(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """The old result, the new one, or none: and the next run finishes what was begun."""
    name = pick(random, (*FOLDERS, "convert", "init-config"))
    _, run = make(bench, sandbox, name)
    place = sandbox.work / f"place{'.spacy' * (name == 'convert')}"
    over_old = random.random() < 0.5
    # A first run counts what there is to do, and is the old result; two runs do not differ.
    with watched(sandbox.root, sandbox.secret) as seen:
        first = run(place)()
    assert first.exit_code == 0, first.output
    whole = tree(place) if place.is_dir() else place.read_bytes()
    if not over_old:
        _remove(place)
    dies_at = random.randint(1, max(seen.n_changes, 1) + 2 * over_old)
    again = run(place, *(["--force"] if over_old else []))

    def die_and_go_on() -> Any:
        _in_child(lambda: again(), sandbox, dies_at)
        _check(place, whole, may_be_missing=True)
        # With --force, since a run that was killed at its very end has made the result.
        result = run(place, "--force")()
        if result.exit_code == 0:
            _check(place, whole, may_be_missing=False)
            left = [path.name for path in sandbox.work.iterdir() if ".new-" in path.name or ".old-" in path.name]
            assert not left, f"left behind: {left}"
        return result

    def wrong(result: Any) -> str:
        return "" if result.exit_code == 0 else "the next run fails"

    what = f"{name} killed at change {dies_at} of {seen.n_changes}{', over an old result' * over_old}"
    return Case(what, die_and_go_on, "", wrong, [place, sandbox.temporary], replaces=True)


def _remove(place: Any) -> None:
    import shutil

    shutil.rmtree(place) if place.is_dir() else place.unlink()


def _check(place: Any, whole: Any, *, may_be_missing: bool) -> None:
    """Raise AssertionError where a result is there and not whole."""
    if may_be_missing and not place.exists():
        return
    if place.is_dir():
        assert tree(place).keys() == whole.keys(), "a folder with some of its files"
    else:
        assert place.exists(), "nothing is there"
        assert len(place.read_bytes()) == len(whole), "a part of a file"


def _in_child(run: Callable[[], Any], sandbox: Sandbox, dies_at: int) -> None:
    """Run in a copy of this process, which is killed at a change of the disk, or ends of itself."""
    child = os.fork()
    if child == 0:
        with watched(sandbox.root, sandbox.secret) as seen:
            seen.dies_at = dies_at
            run()
        os._exit(0)
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
