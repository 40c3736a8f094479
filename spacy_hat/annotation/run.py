"""A whole run: the input's rows, a pipeline's answers, and a folder of shards that are complete or not there.

rows -> parts -> windows -> answers -> part-00000-00000.parquet, renamed into its place when it is whole
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import spacy

from .. import __version__
from ..corpora.described import describe_files
from ..corpora.rows import TEXT_KEY
from ..corpora.sources import find_sources
from ..machine.atomic_output import clear_left_behind, new_file
from ..machine.kinds import ERRORS, READING
from .annotator import Annotator, Task
from .answers import Answer
from .columns import input_fields
from .documents import make_document
from .failures import Failed, read_errors, write_errors
from .journal import Journal
from .manifest import check_manifest, check_output, hash_folder
from .parts import Input, Part, Share, find_units
from .processes import Answered, answer_here, answer_in_processes
from .windows import Budget, windows_of
from .writers import open_writer

SHARD_SIZE = 1000
BUDGET = 200_000


@dataclass(frozen=True)
class Plan:
    """How a run goes, besides what is done with each document.

    text (str): Name of the column with the text.
    id_column (str | None): Name of the column with the id; None: see `make_document`.
    share (Share): Which part of the input is read here.
    shard_size (int): Documents of a shard.
    budget (int): Characters of the documents that are in memory at once, in each process.
    n_process (int): Processes, each with a pipeline of its own.
    """

    text: str = TEXT_KEY
    id_column: str | None = None
    share: Share = field(default_factory=Share)
    shard_size: int = SHARD_SIZE
    budget: int = BUDGET
    n_process: int = 1


@dataclass
class Report:
    """What became of the input.

    n_docs (int): Documents that were written, the failed ones too.
    n_shards (int): Shards that were written.
    n_done (int): Shards of this share that were there already.
    failed (list[Failed]): Id and error of documents, those in finished shards too.
    unreadable (list[str]): What was wrong with files that could not be read to their ends.
    """

    n_docs: int = 0
    n_shards: int = 0
    n_done: int = 0
    failed: list[Failed] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def annotate(
    source: Path,
    output: Path,
    task: Task,
    plan: Plan | None = None,
    *,
    force: bool = False,
    on_start: Callable[[int | None], Any] = lambda _: None,
    on_progress: Callable[[int, int, int], Any] = lambda *_: None,
) -> Report:
    """Annotate every document of a file or folder.

    source (Path): The file or folder, in any form that `spacy hat convert` reads.
    output (Path): A folder of shards. Those that are there stay, if they were made of the same.
    task (Task): What is done with each document.
    plan (Plan | None): How the run goes.
    force (bool): Whether to remove what an earlier run made.
    on_start (Callable[[int | None], Any]): Called with the number of documents still to do; None if it is not known.
    on_progress (Callable[[int, int, int], Any]): Called with how many more are done, how many of them failed, and how
        many pieces they had.
    RETURNS (Report): What became of it.
    RAISES (ValueError): If nothing can be read, or the folder is made of something else.
    """
    plan = plan or Plan()
    if str(source) == "-":
        raise ValueError("stdin cannot be read twice, as going on needs. Got: -. Expected: a file or a folder.")
    check_output(output, [source, task.model], force=force)
    for folder in (output, output / ERRORS):  # before anything is written: the disk may be full of it
        clear_left_behind(folder)
    sources = find_sources(source)
    annotator = Annotator(task)
    own = annotator.columns()
    fields = input_fields(sources, text=plan.text, id_column=plan.id_column) if task.format == "parquet" else {}
    about = {"input": str(source.absolute()), "model": task.model}
    check_manifest(output, manifest_of(describe_files(sources), annotator, plan), about)

    def place_of(part: Part) -> Path:
        return output / f"{part.name}.{task.format}"

    found = Input(
        find_units(sources, plan.shard_size), plan.shard_size, plan.share, plan.text, lambda one: place_of(one).exists()
    )
    n_docs = found.count()
    on_start(n_docs)
    make = partial(make_document, text=plan.text, id_column=plan.id_column)
    budget = Budget(plan.budget, plan.n_process, n_docs)
    windows = windows_of(found.read(), budget, make, found.unreadable.append)
    report = Report(unreadable=found.unreadable)
    journal = Journal(output / READING)
    answered = answer_here(annotator, windows, journal)
    if plan.n_process > 1:
        del annotator
        answered = answer_in_processes(task, plan.n_process, windows)
    try:
        for part, of_part in groupby(answered, key=lambda one: one[0].part):
            with suppress(_CutShortError):
                _write(place_of(part), of_part, task, own, fields, report, on_progress)
                journal.forget(part)
        for part in found.done:
            journal.forget(part)
    finally:
        answered.close()
        journal.close()
    for part in found.done:
        report.failed += read_errors(place_of(part))
    report.n_done = len(found.done)
    return report


class _CutShortError(Exception):
    """The input of a shard could not be read to its end."""


def _write(
    place: Path,
    of_part: Iterator[Answered],
    task: Task,
    own: list[str],
    fields: dict[str, Any],
    report: Report,
    on_progress: Callable[[int, int, int], Any],
) -> None:
    """Write a shard, and before it appears the list of its failed documents."""
    failed: list[Failed] = []
    n_docs = 0
    with new_file(place) as made:
        with open_writer(task.format, made, own, fields) as writer:
            for window, answers in of_part:
                if window.is_cut_short:
                    raise _CutShortError
                writer.write(window.documents, answers)
                errors = _errors_in(window.documents, answers)
                failed += errors
                n_docs += len(answers)
                on_progress(len(answers), len(errors), sum(answer.n_pieces for answer in answers))
        write_errors(place, failed)
    report.n_docs += n_docs
    report.n_shards += 1
    report.failed += failed


def _errors_in(documents: list[Any], answers: list[Answer]) -> list[Failed]:
    return [(one.id, answer.error) for one, answer in zip(documents, answers, strict=True) if answer.error]


def manifest_of(files: dict[str, Any], annotator: Annotator, plan: Plan) -> dict[str, Any]:
    """What determines the rows. Not the share, the processes and the device: these may differ between two parts."""
    task = annotator.task
    explain = task.explain
    return {
        "input": files,
        "model": hash_folder(Path(annotator.nlp.path or task.model)),
        "settings": {
            "format": task.format,
            "text": plan.text,
            "id": plan.id_column,
            "shard_size": plan.shard_size,
            "max_length": annotator.max_length,
            "vectors": task.vectors,
            "explain": None if explain is None else repr(explain),
            "code": None if task.code is None else hash_folder(task.code),
        },
        "versions": {"spacy-hat": __version__, "spacy": spacy.__version__},
    }
