"""Stages of a stopwatch: each moment counts for the innermost one, and all of them add up."""

import pytest

from spacy_hat.machine.clock import Stopwatch


class Clock:
    """Goes on when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def pass_by(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(clock):
    return Stopwatch("rest", clock)


def test_stopwatch_pauses_a_stage_for_one_inside_it(clock, watch):
    clock.pass_by(1)
    with watch.stage("outer"):
        clock.pass_by(2)
        with watch.stage("inner"):
            clock.pass_by(4)
        clock.pass_by(8)
    clock.pass_by(16)
    watch.tick()
    assert watch.seconds == {"rest": 17, "outer": 10, "inner": 4}


def test_stopwatch_times_functions(clock, watch):
    double = watch.timed("double", lambda x: clock.pass_by(3) or 2 * x)
    assert double(x=4) == 8
    assert watch.seconds == {"rest": 0, "double": 3}


def test_stopwatch_leaves_a_stage_that_raises(clock, watch):
    with pytest.raises(ZeroDivisionError):
        watch.timed("fails", lambda: clock.pass_by(1) or 1 / 0)()
    clock.pass_by(2)
    watch.tick()
    assert watch.seconds == {"rest": 2, "fails": 1}


def test_stopwatch_times_the_making_of_items_and_not_their_use(clock, watch):
    def items():
        for item in "ab":
            clock.pass_by(1)
            yield item

    for _ in watch.steps("make", watch.steps("read", items())):
        clock.pass_by(10)
    watch.tick()
    assert watch.seconds == {"rest": 20, "make": 0, "read": 2}
