"""Settings for all tests: no network, one thread, no time limits on examples. And one checkpoint for all of them."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# For scripts, benchmarks and tools. Last, so that the package that is tested is the one that is installed.
sys.path.append(str(Path(__file__).parents[1]))

# A machine that is busy with other things draws examples slowly too.
settings.register_profile("spacy_hat", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
# pytest tests/packing/test_packing_any_text.py tests/pipeline/test_nlp_any_text.py --hypothesis-profile=thorough
settings.register_profile("thorough", settings.get_profile("spacy_hat"), max_examples=2500)
settings.load_profile("spacy_hat")

# Written by `python -m tools.slow_tests`.
SLOW_TESTS = frozenset((Path(__file__).parent / "slow.txt").read_text(encoding="utf8").split())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what takes long, and what follows the first row of a table."""
    seen = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        if test in SLOW_TESTS:
            item.add_marker(pytest.mark.listed)
        if test in seen or test in SLOW_TESTS:
            item.add_marker(pytest.mark.slow)
        seen.add(test)


@pytest.fixture(scope="session")
def hat_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a tiny random HAT."""
    from .support.pipelines import save_hat

    return save_hat(tmp_path_factory.mktemp("hat"))


@pytest.fixture(scope="session")
def asking_hat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with longer segments, which a question leaves room in."""
    from .support.pipelines import save_hat

    return save_hat(tmp_path_factory.mktemp("asking-hat"), segment_length=24, max_segments=4)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents with one of two labels, and a label for each sentence; and something for what looks at tokens."""
    from .support.configs import small_corpus

    path = tmp_path_factory.mktemp("corpus") / "docs.spacy"
    small_corpus().to_disk(path)
    return path


@pytest.fixture
def workplace(tmp_path: Path, hat_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an encoder and configs where the pages have them."""
    from .support.project import ROOT

    shutil.copytree(hat_folder, tmp_path / "models" / "hat-minilm")
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path
