"""A sound checkpoint and a sound source for each test, to spoil."""

from pathlib import Path

import pytest

from ...support.gate import copy
from ...support.sources import Source


@pytest.fixture
def hat(hat_folder, tmp_path) -> Path:
    """A HAT: layout SD|S, 32 wide, 115 words, 6 segments of 12 pieces."""
    return copy(hat_folder, tmp_path / "hat")


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory) -> Path:
    return Source("bert", tmp_path_factory.mktemp("bert")).folder


@pytest.fixture
def bert(bert_folder, tmp_path) -> Path:
    """A BERT: 3 layers, 32 wide, 24 positions, 115 words."""
    return copy(bert_folder, tmp_path / "bert")
