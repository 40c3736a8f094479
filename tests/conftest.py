"""Settings for all tests: no network, one thread, no time limits on examples."""

import os

from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

settings.register_profile("spacy_hat", deadline=None)
settings.load_profile("spacy_hat")
