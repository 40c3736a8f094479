"""Windows of documents through one pipeline, or through one in each of several processes; their order is kept.

Processes begin anew rather than as copies of this one, whose threads a copy would not have, and load the pipeline
themselves. A document that kills its process costs that process, and nothing else.
"""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple

from ..machine.processor import n_cores
from .annotator import Annotator, Task, failed
from .answers import Answer, size_of
from .child import Child, ChildDiedError
from .documents import Document
from .journal import Journal
from .windows import Window

Answered = tuple[Window, list[Answer]]
AHEAD = 2
"""Windows whose texts are in memory for each process: one that it reads, and one that waits."""
MOST_FINISHED = 2**27
"""Bytes of answers that wait for those before them: while one process reads a long document, the others go on."""
KILLED = "The process that read this document was killed, as it is where memory is short. Other documents went on."


class Finished(NamedTuple):
    """A window that was read, and has to wait for those before it.

    window (Window): The window, without its texts.
    answers (list[Answer]): One for each of its documents.
    n_bytes (int): What the answers take.
    """

    window: Window
    answers: list[Answer]
    n_bytes: int


def answer_here(annotator: Annotator, windows: Iterator[Window], journal: Journal) -> Generator[Answered, None, None]:
    """Annotate in this process; only what killed an earlier one in its midst is read in another.

    annotator (Annotator): The pipeline.
    windows (Iterator[Window]): The documents.
    journal (Journal): Knows what was being read when a process was killed.
    YIELDS (Answered): Each window with its answers.
    """
    for window in windows:
        if journal.suspects(window.part, window.rows):
            yield window, _read_apart(window, annotator.task)
        else:
            journal.begin(window.part, window.rows)
            yield window, annotator(window.documents)


def _read_apart(window: Window, task: Task) -> list[Answer]:
    """RETURNS (list[Answer]): Of documents one by one, in a process that ends afterwards: two pipelines take memory."""
    careful = Reader(task, n_cores())
    try:
        return careful.one_by_one(window.documents)
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

    def answer(window: Window) -> Finished:
        reader = idle.get()
        try:
            answers = reader.read(window.documents)
        finally:
            idle.put(reader)
        return Finished(window.without_texts(), answers, sum(map(size_of, answers)))

    begun: deque[Future[Finished]] = deque()
    with ThreadPoolExecutor(n_process) as threads:
        try:
            for window in windows:
                begun.append(threads.submit(answer, window))
                yield from _in_turn(begun, AHEAD * n_process)
            yield from _in_turn(begun, 1)
        finally:
            for future in begun:
                future.cancel()
            for reader in readers:
                reader.child.close()


def _in_turn(begun: deque[Future[Finished]], n_texts: int) -> Iterator[Answered]:
    """Hand out what is finished and has nothing before it, until fewer windows than these are still to be read.

    begun (deque[Future[Finished]]): Windows in the input's order. Those that are handed out are removed.
    n_texts (int): How many are too many.
    YIELDS (Answered): Windows with their answers.
    """
    while begun:
        if begun[0].done():
            finished = begun.popleft().result()
            yield finished.window, finished.answers
            continue
        unread = [future for future in begun if not future.done()]
        if len(unread) < n_texts:
            return
        n_bytes = sum(future.result().n_bytes for future in begun if future.done())
        wait(unread[:1] if n_bytes > MOST_FINISHED else unread, return_when=FIRST_COMPLETED)


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
