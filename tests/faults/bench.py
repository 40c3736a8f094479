"""A pipeline, documents of which some are poison, and what must be said of each of them."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import spacy

from ..support.annotations import save_lines, save_poisonous
from ..support.pipelines import make_text, save_hat
from ..support.project import ROOT

POISON_SHARE = 0.01
REASONS = {"null": "has no text under 'text'", "raises": "RuntimeError: poisoned", "kills": "was killed"}
"""Kind of poison -> what its error says. The other kinds are read."""
KINDS = ("empty", "null", "long", "raises", "kills")
MIXTURE = (*KINDS, "empty", "null", "long", "raises", "empty")
"""Of ten poisoned documents; few kill, since each costs a run where one process reads."""
FINISHED = (0, 1)


@dataclass(frozen=True)
class Expected:
    """What must stand in a row.

    kind (str): The kind of poison, or `sound`.
    cats (dict[str, float] | None): What `nlp.pipe` says in one process; None where it was not asked.
    """

    kind: str
    cats: dict[str, float] | None = None

    @property
    def reason(self) -> str:
        """RETURNS (str): What the error says; empty if there must be none."""
        return REASONS.get(self.kind, "")


@dataclass(frozen=True)
class Undisturbed:
    """A run to which nothing happened.

    output (Path): What it wrote.
    seconds (float): How long it took.
    """

    output: Path
    seconds: float


class Bench:
    """What faults are made with. Nothing is made before it is asked for.

    root (Path): An empty folder.
    n_docs (int): Documents.
    n_poisoned (int): How many of them are poison.
    long (int): Characters of the long ones.
    shard_size (int): Documents of a shard.
    """

    def __init__(
        self,
        root: Path,
        n_docs: int = 2000,
        n_poisoned: int | None = None,
        long: int = 3_000_000,
        shard_size: int = 100,
    ) -> None:
        self.root, self.n_docs, self.long, self.shard_size = root, n_docs, long, shard_size
        self.n_poisoned = round(n_docs * POISON_SHARE) if n_poisoned is None else n_poisoned
        root.mkdir(exist_ok=True)

    @cached_property
    def pipeline(self) -> tuple[Path, Path]:
        """The folder of a pipeline that raises or dies at some documents, and the file with the component that does."""
        return save_poisonous(save_hat(self._new("hat")), self._new("model"))

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Documents, with `kind` as a column that is carried along."""
        rows = [
            {"id": f"d{n}", "text": " ".join([make_text(n)] * (1 + n % 4)), "kind": "sound"} for n in range(self.n_docs)
        ]
        for number, place in enumerate(Random(0).sample(range(self.n_docs), self.n_poisoned)):
            row = rows[place]
            row["kind"] = MIXTURE[number % len(MIXTURE)]
            row["text"] = {
                "empty": "",
                "null": None,
                "long": ("x" * 999 + " ") * (self.long // 1000),  # as of an attachment: few words, quickly read
                "raises": f"raise {row['text']}",
                "kills": f"kill {row['text']}",
            }[row["kind"]]
        return rows

    @cached_property
    def source(self) -> Path:
        return save_lines(self.root / "docs.jsonl", self.rows)

    @cached_property
    def expected(self) -> dict[str, Expected]:
        """Id -> what must stand in its row, in the input's order."""
        model, code = self.pipeline
        spacy.util.import_file("poison", code)
        sound = [row for row in self.rows if row["kind"] == "sound"]
        docs = spacy.load(model).pipe([row["text"] for row in sound])
        cats = {row["id"]: doc.cats for row, doc in zip(sound, docs, strict=True)}
        return {row["id"]: Expected(row["kind"], cats.get(row["id"])) for row in self.rows}

    def command(self, output: Path, *options: object) -> list[str]:
        """RETURNS (list[str]): The command that annotates the documents."""
        model, code = self.pipeline
        sizes = ("--shard-size", self.shard_size, "--budget", 20_000)
        return [
            *(sys.executable, "-m", "spacy", "hat", "annotate"),
            *map(str, (model, self.source, output, "--code", code, *sizes, *options)),
        ]

    def begin(self, command: list[str], **settings: Any) -> "subprocess.Popen[bytes]":
        """RETURNS (Popen): The command, running, with processes of its own group."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        with self.log.open("wb") as log:  # and not a pipe, which processes that outlive it would keep open
            streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": log}
            return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **streams, **settings)

    @property
    def log(self) -> Path:
        """RETURNS (Path): What the last command said."""
        return self.root / "log"

    def told(self) -> str:
        """RETURNS (str): The end of it."""
        return self.log.read_text(encoding="utf8", errors="replace")[-2000:]

    def undisturbed(self, *options: object) -> "Undisturbed":
        """RETURNS (Undisturbed): A run to which nothing happens but what documents do: made once."""
        if options not in self._undisturbed:
            output, begun = self.root / f"undisturbed-{len(self._undisturbed)}", time.monotonic()
            self.finish(output, *options)
            self._undisturbed[options] = Undisturbed(output, time.monotonic() - begun)
        return self._undisturbed[options]

    @cached_property
    def _undisturbed(self) -> "dict[tuple[object, ...], Undisturbed]":
        return {}

    def finish(self, output: Path, *options: object) -> int:
        """Run the command until it ends by itself: a document may kill all of it, once each.

        output (Path): The folder.
        *options (object): Of the command.
        RETURNS (int): How often it was run.
        RAISES (AssertionError): If it does not end well.
        """
        for number in range(1, self.n_poisoned + 3):
            process = self.begin(self.command(output, *options))
            if process.wait() in FINISHED:
                return number
            assert process.returncode < 0, f"exit status {process.returncode}: {self.told()}"
        raise AssertionError(f"not finished after {number} runs")

    def _new(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir()
        return folder
