"""The project's scripts and benchmarks import each other as top-level modules, as Python does when one is run."""

import sys
from pathlib import Path

import pytest
import spacy
from spacy.vocab import Vocab

for folder in ("scripts", "benchmarks"):
    sys.path.insert(0, str(Path(__file__).parents[2] / folder))


@pytest.fixture
def blank_vocab() -> Vocab:
    """A vocabulary to read a DocBin with."""
    return spacy.blank("en").vocab
