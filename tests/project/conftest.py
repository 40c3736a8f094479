"""The project's scripts import each other as top-level modules, as Python does when one of them is run."""

import sys
from pathlib import Path

import pytest
import spacy
from spacy.vocab import Vocab

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))


@pytest.fixture
def blank_vocab() -> Vocab:
    """A vocabulary to read a DocBin with."""
    return spacy.blank("en").vocab
