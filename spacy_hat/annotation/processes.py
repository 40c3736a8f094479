"""Windows of documents through one pipeline, or through one in each of several processes; their order is kept.

Processes begin anew rather than as copies of this one, whose threads a copy would not have, and load the pipeline
themselves. A document that kills its process costs that process, and nothing else.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch

from .annotator import Annotator, Task, failed
from .answers import Answer
from .documents import Document
from .windows import Window

Answered = tuple[Window, list[Answer]]
AHEAD = 2
"""Windows that are in memory for each process: one that it reads, and one that waits."""
KILLED = "The process that read this document was killed, as it is where memory is short. Other documents went on."


def answer_here(annotator: Annotator, windows: Iterator[Window]) -> Iterator[Answered]:
    """YIELDS (Answered): Each window with its answers, by the pipeline of this process."""
    for window in windows:
        yield window, annotator(window.documents)


def answer_in_processes(task: Task, n_process: int, windows: Iterator[Window]) -> Iterator[Answered]:
    """Annotate in several processes.

    task (Task): What is to be done.
    n_process (int): How many; the cores are shared out among them.
    windows (Iterator[Window]): The documents.
    YIELDS (Answered): Each window with its answers, in order.
    RAISES (ValueError): If the pipeline cannot be loaded there.
    """
    pool = _Pool(task, n_process)
    waiting: deque[tuple[Window, Future[list[Answer]] | None]] = deque()
    try:
        for window in windows:
            waiting.append((window, pool.submit(window.documents)))
            if len(waiting) >= AHEAD * n_process:
                yield _next(pool, waiting)
        while waiting:
            yield _next(pool, waiting)
    finally:
        pool.close()


def _next(pool: "_Pool", waiting: deque[tuple[Window, Future[list[Answer]] | None]]) -> Answered:
    window, future = waiting.popleft()
    try:
        if future is not None:
            return window, future.result()
    except BrokenProcessPool:
        # Whichever of them it was: all that was being read, or waited, is lost with the process.
        pool.begin_anew()
        for place, (other, lost) in enumerate(waiting):
            if lost is None or lost.cancelled() or not lost.done() or lost.exception() is not None:
                waiting[place] = (other, None)
    return window, pool.one_by_one(window.documents)


class _Pool:
    """Processes that are replaced when one of them is killed.

    task (Task): What is to be done.
    n_process (int): How many.
    """

    def __init__(self, task: Task, n_process: int) -> None:
        self.task, self.n_process = task, n_process
        self.n_threads = max(1, n_cores() // n_process)
        self._executor = self._begin(n_process)

    def submit(self, documents: list[Document]) -> "Future[list[Answer]] | None":
        """RETURNS (Future | None): The answers to come; None if a process was killed meanwhile."""
        try:
            return self._executor.submit(_answer, self.task, documents)
        except BrokenProcessPool:
            return None

    def begin_anew(self) -> None:
        self.close()
        self._executor = self._begin(self.n_process)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def one_by_one(self, documents: list[Document]) -> list[Answer]:
        """Find out which document kills its process. RETURNS (list[Answer]): One for each.

        RAISES (ChildProcessError): If a process dies without a document.
        """
        answers: list[Answer] = []
        alone = self._begin(1)
        try:
            for document in documents:
                try:
                    answers += alone.submit(_answer, self.task, [document]).result()
                except BrokenProcessPool:
                    answers.append(failed(document, KILLED, self.task))
                    alone.shutdown()
                    alone = self._begin(1)
                    _check_lives(alone, self.task)
        finally:
            alone.shutdown(cancel_futures=True)
        return answers

    def _begin(self, n_process: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(n_process, context, initializer=_prepare, initargs=(self.n_threads,))


def _check_lives(executor: ProcessPoolExecutor, task: Task) -> None:
    try:
        executor.submit(_answer, task, []).result()
    except BrokenProcessPool:
        raise ChildProcessError(
            f"A process was killed while it loaded {task.model}, before it read a document. Expected: memory for a "
            "pipeline in each process. Choose a smaller --n-process, or a machine with more memory."
        ) from None


def n_cores() -> int:
    """RETURNS (int): Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_OWN: dict[Task, Annotator] = {}
"""The pipeline of this process, if it is one of several."""


def _prepare(n_threads: int) -> None:
    """Begin a process: its share of the cores, and an end when the one that began it ends, in whatever way."""
    torch.set_num_threads(n_threads)
    os.environ.setdefault("RAYON_NUM_THREADS", str(n_threads))  # of tokenizers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the first process, which ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os._exit(1)


def _answer(task: Task, documents: list[Document]) -> list[Answer]:
    if task not in _OWN:
        _OWN[task] = Annotator(task)
    return _OWN[task](documents)
