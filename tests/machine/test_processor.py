"""What is said of the machine, and its memory where the system tells."""

import os
import sys

import pytest

from spacy_hat.machine import processor as machine
from spacy_hat.machine.clock import finished_time
from spacy_hat.machine.processor import describe_machine, peak_mb, reset_peak, resident_mb

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_machine_is_described():
    found = describe_machine()
    assert found["cpu"]
    assert 1 <= found["cores"] <= os.cpu_count()
    assert found["threads"] >= 1
    assert isinstance(found["bfloat16"], bool)


def test_finished_time_goes_on():
    assert finished_time() <= finished_time()


@on_linux
def test_peak_is_of_the_time_since_it_was_forgotten():
    block = bytearray(100 * machine.MB)
    block[::4096] = b"x" * len(block[::4096])
    with_block = peak_mb()
    del block
    reset_peak()
    assert 0 < resident_mb() <= peak_mb() < with_block


def test_memory_is_not_guessed_where_the_system_does_not_say(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "PROCESS", tmp_path / "none")
    reset_peak()
    assert resident_mb() is None
    assert peak_mb() is None
