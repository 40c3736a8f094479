"""Memory of this process: it grows by what is allocated, and the peak is of the time since it was watched."""

import sys

import numpy as np
import pytest

from spacy_hat.machine import memory
from spacy_hat.machine.memory import memory_now, watch_peak

N_BYTES = 200 * 2**20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="no other system tells")


@on_linux
def test_memory_grows_by_what_is_allocated_and_the_peak_stays():
    peak = watch_peak(on_gpu=False)
    before = memory_now(on_gpu=False)
    block = np.ones(N_BYTES, dtype="uint8")
    assert memory_now(on_gpu=False) - before == pytest.approx(N_BYTES, rel=0.2)
    del block
    assert memory_now(on_gpu=False) - before < N_BYTES / 2
    if peak() is not None:  # some containers do not let it be forgotten
        assert peak() - before >= 0.8 * N_BYTES


@on_linux
def test_memory_peak_is_of_the_time_since_it_was_watched():
    block = np.ones(N_BYTES, dtype="uint8")
    with_block = memory_now(on_gpu=False)
    del block
    peak = watch_peak(on_gpu=False)
    if peak() is not None:
        assert 0 < memory_now(on_gpu=False) <= peak() < with_block


def test_memory_is_not_guessed_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "PROCESS", tmp_path / "absent")
    assert memory_now(on_gpu=False) is None
    assert watch_peak(on_gpu=False)() is None


@on_linux
def test_memory_has_no_peak_where_the_old_one_cannot_be_forgotten(monkeypatch, tmp_path):
    (tmp_path / "status").write_text("VmHWM:\t  99 kB\n")
    (tmp_path / "clear_refs").mkdir()
    monkeypatch.setattr(memory, "PROCESS", tmp_path)
    assert watch_peak(on_gpu=False)() is None
