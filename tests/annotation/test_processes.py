"""Windows through several processes: order is kept, and nobody waits for a long document but what is behind it."""

import threading
from types import SimpleNamespace

import pytest

from spacy_hat.annotation import processes
from spacy_hat.annotation.annotator import Task
from spacy_hat.annotation.answers import Answer, size_of
from spacy_hat.annotation.documents import Document
from spacy_hat.annotation.parts import Part, Unit
from spacy_hat.annotation.windows import Window

N_WINDOWS = 20
N_PROCESSES = 2
LONG = "long"


class Readers:
    """Stand-ins for processes: the one that gets the long document reads it until so many others have been read.

    n_others (int): How many.
    patience (float): Seconds that it waits for them.
    """

    def __init__(self, n_others, patience=10.0):
        self.n_others, self.patience = n_others, patience
        self.read, self.is_enough = [], threading.Event()
        self.is_overtaken = False

    def __call__(self, task, n_threads):
        return Reader(self)


class Reader:
    def __init__(self, readers):
        self.readers = readers
        self.child = self

    def read(self, documents):
        if documents[0].id == LONG:
            self.readers.is_overtaken = self.readers.is_enough.wait(self.readers.patience)
        else:
            self.readers.read.append(documents[0].id)
            if len(self.readers.read) == self.readers.n_others:
                self.readers.is_enough.set()
        return [Answer({"id": one.id, "n": len(one.text)}) for one in documents]

    def close(self):
        pass


def windows():
    ids = [LONG, *map(str, range(1, N_WINDOWS))]
    return (Window(Part(Unit(0, ()), 0), [Document(one, "x" * 9)], start=n) for n, one in enumerate(ids))


def answered(monkeypatch, readers):
    monkeypatch.setattr(processes, "Reader", readers)
    return list(processes.answer_in_processes(Task("model"), N_PROCESSES, windows()))


def test_processes_read_on_while_one_has_a_long_document(monkeypatch):
    readers = Readers(N_WINDOWS - 1)
    found = answered(monkeypatch, readers)
    assert readers.is_overtaken
    assert [window.documents[0].id for window, _ in found] == [LONG, *map(str, range(1, N_WINDOWS))]
    assert [answers[0].values for _, answers in found] == [
        {"id": window.documents[0].id, "n": 9} for window, _ in found
    ]


def test_processes_wait_where_too_many_answers_would_be_in_memory(monkeypatch):
    monkeypatch.setattr(processes, "MOST_FINISHED", 0)
    readers = Readers(2 * processes.AHEAD * N_PROCESSES, patience=0.3)
    assert len(answered(monkeypatch, readers)) == N_WINDOWS
    assert not readers.is_overtaken


def test_processes_keep_no_text_of_what_is_read(monkeypatch):
    found = answered(monkeypatch, Readers(1))
    assert {one.text for window, _ in found for one in window.documents} == {""}


def test_processes_say_what_went_wrong(monkeypatch):
    def fail(self, documents):
        raise RuntimeError("A process failed.")

    monkeypatch.setattr(Reader, "read", fail)
    with pytest.raises(RuntimeError, match=r"A process failed\."):
        answered(monkeypatch, Readers(1))


class SuspectsTheFirst:
    def suspects(self, part, rows):
        return rows.start == 0

    def begin(self, part, rows):
        pass


def test_process_that_reads_suspects_ends_before_the_next_window(monkeypatch):
    readers = Readers(0)
    monkeypatch.setattr(processes, "Reader", readers)
    monkeypatch.setattr(Reader, "one_by_one", lambda self, documents: [Answer({}) for _ in documents], raising=False)
    monkeypatch.setattr(Reader, "close", lambda self: readers.read.append("closed"))
    annotator = SimpleNamespace(task=Task("model"))
    answered = processes.answer_here(annotator, windows(), SuspectsTheFirst())
    next(answered)
    assert readers.read == ["closed"]


@pytest.mark.parametrize(
    ("values", "least"),
    [({"id": "x" * 1000}, 1000), ({"spans": [{"label": "x" * 500}] * 4}, 2000), ({"vector": [0.5] * 300}, 300 * 24)],
    ids=["text", "spans", "vector"],
)
def test_size_of_an_answer_counts_what_is_in_it(values, least):
    assert least < size_of(Answer(values)) < 2 * least + 2000


def test_size_of_an_answer_counts_the_packed_document():
    assert size_of(Answer({}, packed=b"x" * 10_000)) > 10_000
