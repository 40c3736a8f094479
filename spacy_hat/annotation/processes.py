"""Windows of documents through one pipeline, or through one in each of several processes; their order is kept.

Processes begin anew rather than as copies of this one, whose threads a copy would not have, and load the pipeline
themselves. A document that kills its process costs that process, and nothing else.
"""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

from ..machine.processor import n_cores
from .annotator import Annotator, Task, failed
from .answers import Answer
from .child import Child, ChildDiedError
from .documents import Document
from .journal import Journal
from .windows import Window

Answered = tuple[Window, list[Answer]]
AHEAD = 2
"""Windows that are in memory for each process: one that it reads, and one that waits."""
KILLED = "The process that read this document was killed, as it is where memory is short. Other documents went on."


def answer_here(annotator: Annotator, windows: Iterator[Window], journal: Journal) -> Generator[Answered, None, None]:
    """Annotate in this process; only what killed an earlier one in its midst is read in another.

    annotator (Annotator): The pipeline.
    windows (Iterator[Window]): The documents.
    journal (Journal): Knows what was being read when a process was killed.
    YIELDS (Answered): Each window with its answers.
    """
    careful = Reader(annotator.task, n_cores())
    try:
        for window in windows:
            if journal.suspects(window.part, window.rows):
                yield window, careful.one_by_one(window.documents)
            else:
                journal.begin(window.part, window.rows)
                yield window, annotator(window.documents)
    finally:
        careful.child.close()


def answer_in_processes(task: Task, n_process: int, windows: Iterator[Window]) -> Generator[Answered, None, None]:
    """Annotate in several processes, each of which a thread asks.

    task (Task): What is to be done.
    n_process (int): How many; the cores are shared out among them.
    windows (Iterator[Window]): The documents.
    YIELDS (Answered): Each window with its answers, in order.
    RAISES (OSError): If the pipeline cannot be loaded there.
    """
    readers = [Reader(task, threads_for(n_process)) for _ in range(n_process)]
    idle: SimpleQueue[Reader] = SimpleQueue()
    for reader in readers:
        idle.put(reader)

    def answer(documents: list[Document]) -> list[Answer]:
        reader = idle.get()
        try:
            return reader.read(documents)
        finally:
            idle.put(reader)

    waiting: deque[tuple[Window, Future[list[Answer]]]] = deque()
    with ThreadPoolExecutor(n_process) as threads:
        try:
            for window in windows:
                waiting.append((window, threads.submit(answer, window.documents)))
                if len(waiting) >= AHEAD * n_process:
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)
        finally:
            for _, future in waiting:
                future.cancel()
            for reader in readers:
                reader.child.close()


def _next(waiting: deque[tuple[Window, Future[list[Answer]]]]) -> Answered:
    window, future = waiting.popleft()
    return window, future.result()


class Reader:
    """A process that reads documents, and another one when that was killed.

    task (Task): What is to be done.
    n_threads (int): Threads of PyTorch.
    """

    def __init__(self, task: Task, n_threads: int) -> None:
        self.task = task
        self.child = Child(partial(Annotator, task), task.model, n_threads, forks=task.gpu_id < 0)

    def read(self, documents: list[Document]) -> list[Answer]:
        """RETURNS (list[Answer]): One for each. If the process is killed, each is read alone."""
        try:
            return self.child.ask(documents)
        except ChildDiedError:
            return self.one_by_one(documents)

    def one_by_one(self, documents: list[Document]) -> list[Answer]:
        """RETURNS (list[Answer]): One for each. Those that kill their process whenever they are read have an error."""
        return [self._alone(document) for document in documents]

    def _alone(self, document: Document) -> Answer:
        try:
            return self.child.ask_again([document])[0]
        except ChildDiedError:
            return failed(document, KILLED, self.task)


def threads_for(n_process: int) -> int:
    """RETURNS (int): Threads of each of several processes, so that together they use each core once."""
    return max(1, n_cores() // n_process)
