"""The one referee of all attempts."""

import hashlib
import os
import re
import stat
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .case import SECRET, Case, Sandbox
from .watch import Seen, watched

PACKAGE = "spacy_hat"
BUG = "This is an error of spacy-hat itself"
REASON = re.compile(r"[Gg]ot|[Ee]xpected|missing: |Check|/")
COLOURS = re.compile(r"\x1b\[[\d;]*m")
Tree = dict[str, str]
GOOD = ("refused", "answered")
BAD = ("files outside", "code run", "network", "traceback", "lost files", "wrong in silence", "screen")


@dataclass(frozen=True)
class Verdict:
    """What became of an attempt.

    outcome (str): One of GOOD or of BAD.
    why (str): In words.
    """

    outcome: str
    why: str = ""

    @property
    def is_good(self) -> bool:
        return self.outcome in GOOD


def judge(case: Case, sandbox: Sandbox) -> Verdict:
    """Run an attempt and judge it.

    case (Case): The attempt.
    sandbox (Sandbox): Where it takes place.
    RETURNS (Verdict): What became of it.
    """
    before = tree(sandbox.root)
    result, error = None, None
    with _in(sandbox), watched(sandbox.root, sandbox.secret) as seen, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = case.run()
        except Exception as raised:
            error = raised
    after = tree(sandbox.root)
    failed = error is not None or getattr(result, "exit_code", 0) != 0
    why_failed = str(error) if error is not None else getattr(result, "output", "")
    for verdict in (
        _by_events(seen),
        _by_files(case, sandbox, before, after, failed=failed),
        _by_error(error) if error is not None else _by_command(result),
    ):
        if verdict is not None:
            return verdict
    if failed:
        return Verdict("refused", " ".join(why_failed.split())[:500])
    if case.must_fail:
        return Verdict("wrong in silence", f"accepted: {case.must_fail}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wrong = case.wrong(result)
        except Exception as raised:
            wrong = f"what was made cannot be read: {type(raised).__name__}: {raised}"
    return Verdict("wrong in silence", wrong) if wrong else Verdict("answered")


def tree(root: Path) -> Tree:
    """RETURNS (dict[str, str]): Everything below a folder, and what it holds; links are not followed."""
    found: Tree = {}
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        name = os.fsencode(path.relative_to(root)).decode("utf8", "backslashreplace")
        if stat.S_ISLNK(mode):
            found[name] = f"link to {str(path.readlink())!r}"
        elif stat.S_ISREG(mode):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = f"of kind {stat.S_IFMT(mode):o}"
    return found


@contextmanager
def _in(sandbox: Sandbox) -> Iterator[None]:
    """Make temporary files there, and let relative paths begin there."""
    old, folder = tempfile.tempdir, Path.cwd()
    tempfile.tempdir = str(sandbox.temporary)
    os.chdir(sandbox.work)
    try:
        yield
    finally:
        tempfile.tempdir = old
        os.chdir(folder)


def _by_events(seen: Seen) -> Verdict | None:
    for outcome, found in (("code run", seen.code), ("network", seen.network), ("files outside", seen.files)):
        if found:
            return Verdict(outcome, "; ".join(found[:3]))
    return None


def _by_files(case: Case, sandbox: Sandbox, before: Tree, after: Tree, *, failed: bool) -> Verdict | None:
    if sandbox.canary.exists():
        return Verdict("code run", "the canary is there")
    own = [os.path.relpath(path, sandbox.root) for path in case.outputs]
    own = [os.fsencode(name).decode("utf8", "backslashreplace") for name in own]
    lost = [name for name, content in before.items() if after.get(name) != content]
    may_lose = case.replaces and not failed
    if lost := [name for name in lost if not (may_lose and _within(name, own))]:
        return Verdict("lost files", ", ".join(lost[:5]))
    new = [name for name in after if name not in before and not _is_parent(name, own)]
    if new := [name for name in new if failed or not _within(name, own)]:
        return Verdict("files outside", ", ".join(new[:5]))
    return None


def _within(name: str, places: list[str]) -> bool:
    return any(name == place or name.startswith(f"{place}/") for place in places)


def _is_parent(name: str, places: list[str]) -> bool:
    return any(place.startswith(f"{name}/") for place in places)


def _by_command(result: Any) -> Verdict | None:
    if not hasattr(result, "exit_code"):
        return None
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        return Verdict("traceback", _told(error))
    if "Traceback (most recent" in result.output or BUG in " ".join(result.output.split()):
        return Verdict("traceback", result.output[-400:])
    if result.exit_code not in (0, 1, 2):
        return Verdict("traceback", f"exit status {result.exit_code}")
    if result.exit_code and not result.output.strip():
        return Verdict("traceback", "not a word")
    shown = COLOURS.sub("", result.output)
    if SECRET in shown:
        return Verdict("files outside", "the secret is on the screen")
    if control := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", shown):
        return Verdict("screen", f"{control[0]!r} in {shown[max(0, control.start() - 40) :][:80]!r}")
    return None


def _by_error(error: Exception) -> Verdict | None:
    """An interface of Python says no by a ValueError or an OSError of this package, in words."""
    frames = traceback.extract_tb(error.__traceback__)
    is_ours = bool(frames) and f"/{PACKAGE}/" in frames[-1].filename
    named = isinstance(error, OSError) and error.filename is not None
    if isinstance(error, ValueError | OSError) and (is_ours or named) and REASON.search(str(error)):
        return None
    return Verdict("traceback", _told(error))


def _told(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__}: {str(error)[:300]} ({places})"
