"""Fixtures of the project's own steps."""

import pytest
import spacy
from spacy.vocab import Vocab


@pytest.fixture
def blank_vocab() -> Vocab:
    """A vocabulary to read a DocBin with."""
    return spacy.blank("en").vocab
