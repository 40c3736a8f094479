"""Documents that pipelines are trained on."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from ..support.pipelines import annotate, make_text


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four documents with every annotation."""
    nlp = spacy.blank("xx")
    path = tmp_path_factory.mktemp("corpus") / "docs.spacy"
    DocBin(docs=[annotate(nlp.make_doc(make_text(number)), number) for number in range(4)]).to_disk(path)
    return path
