"""Stages of a stopwatch: each moment counts for the innermost one, and all of them add up."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from spacy_hat.machine.clock import Stopwatch, stage, steps, tally


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
    with watch.held():
        clock.pass_by(1)
        with stage("outer"):
            clock.pass_by(2)
            with stage("inner"):
                clock.pass_by(4)
            clock.pass_by(8)
        clock.pass_by(16)
        watch.tick()
    assert watch.seconds == {"rest": 17, "outer": 10, "inner": 4}


def test_stage_marks_a_function(clock, watch):
    @stage("double")
    def double(x):
        clock.pass_by(3)
        return 2 * x

    with watch.held():
        assert double(x=4) == 8
    assert watch.seconds == {"rest": 0, "double": 3}


def test_stage_that_raises_is_left(clock, watch):
    @stage("fails")
    def fail():
        clock.pass_by(1)
        raise ZeroDivisionError

    with watch.held():
        with pytest.raises(ZeroDivisionError):
            fail()
        clock.pass_by(2)
        watch.tick()
    assert watch.seconds == {"rest": 2, "fails": 1}


def test_steps_time_the_making_of_items_and_not_their_use(clock, watch):
    def items():
        for item in "ab":
            clock.pass_by(1)
            yield item

    with watch.held():
        for _ in steps("make", steps("read", items())):
            clock.pass_by(10)
        watch.tick()
    assert watch.seconds == {"rest": 20, "make": 0, "read": 2}


def test_stage_is_nothing_where_nobody_holds_a_stopwatch(clock, watch):
    with watch.held(), stage("held"):
        pass
    with stage("later"):
        clock.pass_by(5)
        tally(pieces=1)
    assert set(watch.seconds) == {"rest", "held"}
    assert watch.amounts == {}


def test_stopwatch_times_its_own_thread_only(clock, watch):
    def work():
        with stage("elsewhere"):
            clock.pass_by(1)

    with watch.held(), ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
    assert watch.seconds == {}


def test_stopwatch_adds_up_what_it_is_told(watch):
    with watch.held():
        tally(pieces=3, segments=1)
        tally(pieces=4)
    assert watch.amounts == {"pieces": 7, "segments": 1}
