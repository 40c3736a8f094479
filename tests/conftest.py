"""Settings for all tests: no network, one thread, no time limits on examples. And one checkpoint for all of them."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

settings.register_profile("spacy_hat", deadline=None)
settings.load_profile("spacy_hat")


@pytest.fixture(scope="session")
def hat_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a tiny random HAT."""
    from .pipeline.pipelines import save_hat

    return save_hat(tmp_path_factory.mktemp("hat"))
