"""A pipeline that says of itself what a trained one does, and a hub to push it to."""

import shutil
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from ..support.fake_hub import TOKEN, fake_hub
from ..support.pipelines import initialize, make_nlp

PERFORMANCE = {
    "cats_score": 0.75,
    "cats_score_desc": "macro AUC",
    "cats_macro_f": 0.5,
    "cats_macro_auc": 0.75,
    "cats_f_per_type": {"ALLOWED": {"p": 0.5, "r": 1.0, "f": 0.6667}, "DISMISSED": {"p": 0.0, "r": 0.0, "f": 0.0}},
    "spans_spancat_f": 0.25,
    "textcat_loss": 3.2,
}


@pytest.fixture(scope="session")
def made_pipeline(hat_folder, tmp_path_factory):
    nlp = make_nlp(hat_folder, "textcat", "spancat")
    initialize(nlp)
    nlp.meta["performance"] = dict(PERFORMANCE)
    nlp.config["training"] = {"train_corpus": "corpora.train", "dev_corpus": "corpora.dev"}
    nlp.config["corpora"] = {name: {"path": f"/home/me/{name}.spacy"} for name in ("train", "dev")}
    folder = tmp_path_factory.mktemp("hub") / "model-best"
    nlp.to_disk(folder)
    return folder


@pytest.fixture
def pipeline(made_pipeline, tmp_path):
    """RETURNS (Path): A copy of the pipeline, without a card."""
    return Path(shutil.copytree(made_pipeline, tmp_path / "model-best"))


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """RETURNS (FakeHub): A hub on the loopback, which huggingface_hub takes for the real one."""
    forget = getattr(huggingface_hub, "close_session", None) or huggingface_hub.utils.reset_sessions
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with fake_hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        forget()
        yield hub
    forget()
