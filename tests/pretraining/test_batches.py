"""Batches are fixed beforehand, read everything once an epoch, and leave held-out documents alone."""

import numpy as np
import pytest

from spacy_hat.pretraining.batches import Batches, grouped, hold_out
from spacy_hat.pretraining.corpus import PackedCorpus

N_WINDOWS = 50
PIECES = np.random.default_rng(0).integers(5, 60, N_WINDOWS)


def make(n_batches=40, seed=0, limit=100):
    return Batches(np.arange(N_WINDOWS) + 1000, PIECES, limit, n_batches, seed)


def corpus(segments_of_windows, docs):
    n_segments = sum(segments_of_windows)
    return PackedCorpus(
        np.arange(n_segments * 3), np.full(n_segments, 3), np.array(segments_of_windows), np.array(docs)
    )


def test_batches_read_every_window_once_an_epoch():
    epochs: dict[int, list[int]] = {}
    for batch in map(make().__getitem__, range(40)):
        epochs.setdefault(batch.epoch, []).extend(batch.windows)
    assert list(epochs) == [1, 2, 3][: len(epochs)]
    assert sorted(epochs[1]) == list(range(1000, 1000 + N_WINDOWS))
    assert epochs[1] != epochs[2]


def test_batches_are_bounded_by_pieces():
    sizes = [PIECES[batch.windows - 1000].sum() for batch in map(make().__getitem__, range(40))]
    assert max(sizes) <= 100


def test_batches_do_not_depend_on_how_many_there_are():
    assert [batch.windows.tolist() for batch in map(make(40).__getitem__, range(10))] == [
        batch.windows.tolist() for batch in map(make(10).__getitem__, range(10))
    ]


def test_batches_of_another_seed_are_others():
    assert make()[0].windows.tolist() != make(seed=1)[0].windows.tolist()


def test_batches_end():
    with pytest.raises(IndexError):
        make(3)[3]


def test_grouped_gives_a_long_window_a_group_of_its_own():
    groups = grouped(np.array([4, 5, 6]), np.array([10, 500, 10]), 100)
    assert [group.tolist() for group in groups] == [[4], [5], [6]]


def test_hold_out_takes_whole_documents_of_several_segments():
    docs = [*range(40), 40, 40, 41]
    windows = [*([2, 3] * 20), 5, 1, 1]
    trained, held = hold_out(corpus(windows, docs), 10**6, 0)
    assert sorted([*trained, *held]) == list(range(43))
    held_docs = {docs[window] for window in held}
    assert held_docs.isdisjoint(docs[window] for window in trained)
    assert len(held_docs) == 2  # a twentieth of 41
    assert 41 not in held_docs


def test_hold_out_keeps_to_its_limit_but_for_one_document():
    _, held = hold_out(corpus([2] * 100, range(100)), 1, 0)
    assert len(held) == 1
    _, held = hold_out(corpus([2] * 100, range(100)), 20, 0)
    assert len(held) == 3


@pytest.mark.parametrize("windows", [[], [1, 1, 1], [4, 1]])
def test_hold_out_needs_two_documents_of_several_segments(windows):
    with pytest.raises(ValueError, match=r"Expected: at least two.*shorter segments"):
        hold_out(corpus(windows, range(len(windows))), 100, 0)
