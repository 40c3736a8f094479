"""How far a run is: a bar on a terminal, a line every 30 seconds in a log. No test waits: the clock is one of ours."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from spacy_hat.cli import rate as module
from spacy_hat.cli.rate import Rate


class Clock:
    """Tells the time that it is told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_rate_tells_documents_and_pieces_a_second_and_the_time_left(clock):
    with Rate(clock) as rate:
        rate.start(1000)
        clock.now += 20
        rate.advance(100, 3, 40_000)
        told = rate.told()
    assert told == "100 of 1,000 documents, 5.0 a second, 2,000 pieces a second, 0:03:00 left, 3 failed"


def test_rate_tells_what_it_knows_where_the_number_of_documents_is_not_known(clock):
    with Rate(clock) as rate:
        rate.start(None)
        clock.now += 2
        rate.advance(1, 0)
        assert rate.told() == "1 documents, 0.5 a second"


def test_rate_writes_a_line_every_30_seconds_into_a_log(clock, capsys):
    with Rate(clock) as rate:
        rate.start(100)
        for _ in range(9):
            clock.now += 10
            rate.advance(10, 0)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" of ")[0] for line in lines] == ["30", "60", "90"]


def test_rate_draws_a_bar_on_a_terminal_and_no_lines(clock, monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    monkeypatch.setattr(module.screen, "progress", lambda: Progress(console=console, auto_refresh=False))
    with Rate(clock) as rate:
        rate.start(100)
        clock.now += 60
        rate.advance(50, 0)
        rate._bars.refresh()
    assert "50 of 100 documents, 0.8 a second, 0:01:00 left" in screen.getvalue()
    assert "━" in screen.getvalue()
