"""Memory of this process: it grows by what is allocated, and the peak stays until it is reset."""

import sys

import numpy as np
import pytest

from spacy_hat.machine import memory as memory_use
from spacy_hat.machine.memory import memory_now, memory_peak, reset_peak

N_BYTES = 200 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, only the peak is known")
def test_memory_grows_by_what_is_allocated_and_the_peak_stays():
    reset_peak(False)
    before = memory_now(False)
    block = np.ones(N_BYTES, dtype="uint8")
    assert memory_now(False) - before == pytest.approx(N_BYTES, rel=0.2)
    del block
    assert memory_now(False) - before < N_BYTES / 2
    assert memory_peak(False) - before >= 0.8 * N_BYTES


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
def test_memory_is_the_most_ever_where_the_system_tells_no_more(monkeypatch, tmp_path):
    monkeypatch.setattr(memory_use, "PROCESS", tmp_path / "absent")
    reset_peak(False)
    assert memory_now(False) == memory_peak(False) > 10 * 2**20


def test_memory_is_unknown_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(memory_use, "PROCESS", tmp_path / "absent")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory_now(False) is None
