"""What is hidden: how much of what, always the same, and nothing that has no neighbours to tell of it."""

import numpy as np
import pytest

from spacy_hat.pretraining.hiding import Hider, held_out_objectives

from ..support.pretraining import MASK, packed

VOCAB_SIZE = 100
N_WINDOWS = 60
WINDOWS = [[[10 + (w + s + p) % 80 for p in range(1 + (w + 3 * s) % 12)] for s in range(12)] for w in range(N_WINDOWS)]


def hide(*objectives, windows=WINDOWS, numbers=None, epoch=1, seed=0):
    hider = Hider(objectives, MASK, VOCAB_SIZE, seed)
    return hider(packed(windows), range(len(windows)) if numbers is None else numbers, epoch)


def segment_of(inputs):
    return np.repeat(np.arange(len(inputs.segment_lengths)), inputs.segment_lengths)


def test_mlm_hides_15_percent_of_pieces():
    batch = hide("mlm")
    rows = batch.guesses["mlm"].rows
    n_pieces = len(batch.whole.piece_ids) - len(batch.whole.segment_lengths)
    assert len(rows) / n_pieces == pytest.approx(0.15, abs=0.02)
    became = batch.hidden.piece_ids[rows]
    was = batch.whole.piece_ids[rows]
    assert (became == MASK).mean() == pytest.approx(0.8, abs=0.06)
    assert (became == was).mean() == pytest.approx(0.1, abs=0.05)
    assert became.max() < VOCAB_SIZE
    others = np.setdiff1d(np.arange(len(batch.whole.piece_ids)), rows)
    assert np.array_equal(batch.hidden.piece_ids[others], batch.whole.piece_ids[others])


def test_segments_hides_a_fifth_of_segments_and_60_to_100_percent_of_each():
    batch = hide("segments")
    guesses = batch.guesses["segments"]
    counts = np.bincount(segment_of(batch.whole)[guesses.rows], minlength=len(batch.whole.segment_lengths))
    shares = counts / (batch.whole.segment_lengths - 1)
    assert (counts > 0).mean() == pytest.approx(0.2, abs=0.04)
    assert shares[counts > 0].min() >= 0.6
    assert (shares[counts > 0] == 1).any()
    assert (batch.hidden.piece_ids[guesses.rows] == MASK).all()
    assert np.array_equal(guesses.ids, batch.whole.piece_ids[guesses.rows])


def test_choice_hides_a_quarter_of_segments_half_of_them_to_one_mask():
    batch = hide("choice")
    n_segments = len(batch.whole.segment_lengths)
    assert len(batch.chosen) / n_segments == pytest.approx(0.25, abs=0.04)
    masks = np.bincount(segment_of(batch.hidden)[batch.hidden.piece_ids == MASK], minlength=n_segments)
    longer = batch.chosen[batch.whole.segment_lengths[batch.chosen] > 6]
    is_one = batch.hidden.segment_lengths[longer] == 2
    assert is_one.mean() == pytest.approx(0.5, abs=0.12)
    n_pieces = batch.whole.segment_lengths[longer] - 1
    assert (masks[longer] == np.where(is_one, 1, np.ceil(0.8 * n_pieces))).all()
    kept = np.setdiff1d(np.arange(n_segments), batch.chosen)
    assert (batch.hidden.segment_lengths[kept] == batch.whole.segment_lengths[kept]).all()


def test_hidden_pieces_stand_where_they_are_said_to_be():
    batch = hide("mlm", "segments", "choice")
    is_masked = {name: batch.hidden.piece_ids[guesses.rows] == MASK for name, guesses in batch.guesses.items()}
    assert is_masked["segments"].all()
    assert is_masked["mlm"].mean() == pytest.approx(0.8, abs=0.08)
    stays = batch.hidden.piece_ids[batch.guesses["mlm"].rows] == batch.guesses["mlm"].ids
    assert stays.any()
    hidden = segment_of(batch.hidden)
    assert not set(hidden[batch.guesses["mlm"].rows]) & {*hidden[batch.guesses["segments"].rows], *batch.chosen}


def test_first_pieces_are_never_hidden():
    batch = hide("mlm", "segments", "choice")
    assert (batch.hidden.piece_ids[batch.hidden.offsets() == 0] == 0).all()


def test_windows_of_one_segment_hide_none():
    batch = hide("segments", "choice", windows=[[[11, 12, 13]]] * 50)
    assert len(batch.chosen) == len(batch.guesses["segments"].rows) == 0
    assert np.array_equal(batch.hidden.piece_ids, batch.whole.piece_ids)


def test_hiding_depends_on_window_epoch_and_seed_alone():
    def hidden(**given):
        return hide("mlm", "segments", "choice", **given).hidden.piece_ids

    alone = hidden(windows=WINDOWS[7:8], numbers=[7])
    among = hidden(windows=WINDOWS[5:9], numbers=[5, 6, 7, 8])
    first = len(hidden(windows=WINDOWS[5:7], numbers=[5, 6]))
    assert np.array_equal(among[first : first + len(alone)], alone)
    assert not np.array_equal(alone, hidden(windows=WINDOWS[7:8], numbers=[7], epoch=2))
    assert not np.array_equal(alone, hidden(windows=WINDOWS[7:8], numbers=[7], seed=1))


@pytest.mark.parametrize(
    ("objectives", "held_out"),
    [(["mlm"], ["segments"]), (["mlm", "choice"], ["choice"]), (["segments", "choice"], ["segments", "choice"])],
)
def test_held_out_objectives_are_those_of_hidden_segments(objectives, held_out):
    assert held_out_objectives(objectives) == held_out
