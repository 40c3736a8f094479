"""How often a score is right: the bins, the expected calibration error, and the picture."""

import numpy as np
import pytest

from spacy_hat.machine.kinds import PICTURE
from spacy_hat.training.reliability import Reliability, check_picture, draw_reliability

# Two at 0.55, one of them right; two at 0.95, both right.
HIGHEST = np.array([0.55, 0.95, 0.55, 0.95])
RIGHT = np.array([True, True, False, True])


def test_reliability_counts_scores_by_tenths():
    assert Reliability.of(HIGHEST, RIGHT).counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]


def test_reliability_has_accuracy_and_mean_score_of_each_bin():
    found = Reliability.of(HIGHEST, RIGHT)
    assert found.accuracies[[5, 9]].tolist() == [0.5, 1.0]
    assert found.scores[[5, 9]] == pytest.approx([0.55, 0.95])


def test_reliability_error_is_the_mean_difference_of_score_and_accuracy():
    assert Reliability.of(HIGHEST, RIGHT).error == pytest.approx(0.05)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_reliability_takes_the_ends(score):
    assert Reliability.of(np.array([score]), np.array([True])).counts.sum() == 1


def test_reliability_of_nothing_has_no_error():
    assert Reliability.of(np.zeros(0), np.zeros(0, dtype=bool)).error == 0.0


def test_draw_reliability_makes_a_picture_that_is_known_as_ours(tmp_path):
    draw_reliability({"before": Reliability.of(HIGHEST, RIGHT)}, tmp_path / "curve.svg")
    assert not PICTURE.foreign(tmp_path / "curve.svg")


def test_draw_reliability_makes_the_same_file_again(tmp_path):
    for name in ("one.svg", "two.svg"):
        draw_reliability({"before": Reliability.of(HIGHEST, RIGHT)}, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_check_picture_wants_an_svg_file(tmp_path):
    with pytest.raises(ValueError, match=r"Got: .*curve\.png.*\.svg"):
        check_picture(tmp_path / "curve.png")


def test_check_picture_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_hat.training.reliability.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install matplotlib"):
        check_picture(tmp_path / "curve.svg")
