"""A process of its own, replaced when it is killed: what kills it costs the question that it had, and nothing else.

The process that asks imports nothing heavy for it. Each process has a pipe of its own, whose end is seen when the
process dies, and takes one question at a time: nothing of a dead process, half a message or a lock, is left behind.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..machine.memory import status_bytes

Make = Callable[[], Callable[[Any], Any]]
TRIES_TO_START = 3
TRIES_ALONE = 2
"""How often a question that killed a process is put again: it may have been killed for another reason."""
LIKELY_TO_BE_KILLED = 500
"""Added to what Linux thinks of a process where memory is short: not the one that writes is to be killed."""
DIED = (EOFError, OSError)
PRELOADED = "spacy_hat.annotation.annotator"


def begin_server() -> None:
    """Begin the process that others are copies of, where there may be one: it imports while this one does.

    It ends when this one does.
    """
    if sys.platform == "linux":
        from multiprocessing.forkserver import ensure_running, set_forkserver_preload

        set_forkserver_preload([PRELOADED])
        ensure_running()


class ChildDiedError(Exception):
    """A process was killed, or ended, before it answered."""


class Child:
    """A process that makes something once, and answers by it. It begins when it is first asked.

    make (Callable[[], Callable[[Any], Any]]): Makes what answers. It goes to the process, as questions do.
    what (str): What that is, for messages.
    n_threads (int): Threads of PyTorch and of tokenizers.
    forks (bool): Whether processes may begin as copies of one that has imported everything and done nothing: they
        begin much faster. Not where a GPU is used, nor elsewhere than on Linux.
    """

    def __init__(self, make: Make, what: str, n_threads: int, *, forks: bool = False) -> None:
        self.make, self.what, self.n_threads = make, what, n_threads
        self.method = "forkserver" if forks and sys.platform == "linux" else "spawn"
        self._process: Any = None
        self._pipe: Any = None
        self._is_closed = False

    def ask(self, question: Any) -> Any:
        """Put a question.

        question (Any): The question.
        RETURNS (Any): The answer.
        RAISES (ChildDiedError): If the process died of it. The next question goes to another one.
        RAISES (ChildProcessError): If none lives until it has made what answers.
        RAISES (RuntimeError): If something else went wrong there.
        """
        self.start()
        try:
            self._pipe.send(question)
            return self._receive()
        except DIED:
            self._end()
            raise ChildDiedError from None

    def ask_again(self, question: Any) -> Any:
        """Put a question of one document alone, after a process died of it with others.

        question (Any): The question.
        RETURNS (Any): The answer.
        RAISES (ChildDiedError): If processes died of it whenever it was put. Otherwise as `ask`.
        """
        for _ in range(TRIES_ALONE - 1):
            with suppress(ChildDiedError):
                return self.ask(question)
        return self.ask(question)

    def start(self) -> None:
        """Begin the process, unless it lives, and wait until it has made what answers. RAISES: As `ask`."""
        for _ in range(TRIES_TO_START):
            if self._process is not None:
                return
            with suppress(*DIED):
                self._begin()
                self._receive()
                return
            self._end()
        raise ChildProcessError(
            f"A process was killed while it loaded {self.what}, before it read a document. Expected: memory for a "
            "pipeline in each process. Choose fewer processes, or a machine with more memory."
        )

    def memory(self) -> int | None:
        """RETURNS (int | None): Bytes of memory that the process has; None if there is none, or nothing tells."""
        process = self._process
        return None if process is None else status_bytes(Path("/proc") / str(process.pid), "VmRSS")

    def close(self) -> None:
        """End the process, from any thread. Who waits for its answer gets ChildDiedError, and none begins any more."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()
            process.join()

    def _begin(self) -> None:
        if self._is_closed:
            raise ChildDiedError
        context: Any = multiprocessing.get_context(self.method)
        if self.method == "forkserver":
            begin_server()
        self._pipe, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.make, self.n_threads))
        try:
            process.start()
            self._process = process
        finally:
            theirs.close()
        if self._is_closed:
            process.kill()

    def _receive(self) -> Any:
        answer, error = self._pipe.recv()
        if error:
            raise RuntimeError(f"A process that loaded {self.what} failed: {error}")
        return answer

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def prepare(n_threads: int) -> None:
    """Begin a process: its share of the cores, and an end when the one that began it ends, in whatever way.

    n_threads (int): Threads of PyTorch and of tokenizers.
    """
    import torch

    torch.set_num_threads(n_threads)
    os.environ.setdefault("RAYON_NUM_THREADS", str(n_threads))  # of tokenizers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the first process, which ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os._exit(1)


def _serve(pipe: Connection, make: Make, n_threads: int) -> None:
    """Answer until nobody asks any more."""
    prepare(n_threads)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(LIKELY_TO_BE_KILLED), encoding="ascii")
    with suppress(*DIED):
        try:
            answer = make()
        except Exception as error:
            pipe.send((None, f"{type(error).__name__}: {error}"))
            return
        pipe.send((None, ""))
        while True:
            question = pipe.recv()
            try:
                told: tuple[Any, str] = (answer(question), "")
            except Exception as error:
                told = (None, f"{type(error).__name__}: {error}")
            pipe.send(told)
