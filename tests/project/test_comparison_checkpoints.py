"""What encoders of the comparison start from."""

import numpy as np
import pytest
import torch

from scripts.compare import checkpoints
from scripts.compare.methods import METHODS, SEGMENT_WISE
from spacy_hat.modeling import HATModel, PackedInputs
from spacy_hat.modeling.segment_wise import segment_wise_copy

from ..support.pipelines import save_hat


@pytest.fixture
def interleaved(tmp_path):
    (tmp_path / "hat").mkdir()
    return save_hat(tmp_path / "hat", layout="S|SD|S|SD|S|SD")


def test_segment_wise_blocks_alone_compute_what_they_did(interleaved, tmp_path):
    checkpoints.write_segment_wise(interleaved, tmp_path / "alone")
    alone, whole = (HATModel.from_pretrained(path).eval() for path in (tmp_path / "alone", interleaved))
    assert alone.config.layout == SEGMENT_WISE
    inputs = PackedInputs(np.arange(5, 15), np.array([3, 5, 2]), np.array([2, 1]), np.array([0, 1, 0]))
    with torch.no_grad():
        torch.testing.assert_close(alone.forward_packed(inputs), segment_wise_copy(whole).forward_packed(inputs))


def test_pretrained_says_how_to_make_what_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "PRETRAINED", tmp_path / "nothing")
    with pytest.raises(ValueError, match="spacy project run pretraining"):
        checkpoints.checkpoint_of(METHODS["reference"]["HAT, pretrained"])
