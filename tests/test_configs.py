"""The shipped configs: complete, valid, and training on a corpus and an encoder that are not the project's."""

from pathlib import Path

import pytest
import spacy
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import fill_config
from spacy.cli.train import train

from .support.configs import TEXTS, sections
from .support.project import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_config_fills_without_a_diff(config: Path, tmp_path: Path) -> None:
    before, after = fill_config(tmp_path / "filled.cfg", config, silent=True)
    assert sections(before) == sections(after)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_config_passes_debug_config(config: Path) -> None:
    debug_config(config)  # exits on a problem


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_config_finds_sentences_first_and_frees_memory_last(config: Path) -> None:
    settings = spacy.util.load_config(config)
    assert settings["nlp"]["pipeline"][0] == "sentencizer"
    assert settings["nlp"]["pipeline"][-1] == "doc_cleaner"
    assert "sentencizer" in settings["training"]["annotating_components"]
    assert all(settings["corpora"][part]["max_length"] == 0 for part in ("train", "dev"))


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_config_trains_on_a_foreign_corpus_and_encoder(
    config: Path, corpus: Path, hat_folder: Path, tmp_path: Path
) -> None:
    overrides = {
        "paths.train": str(corpus),
        "paths.dev": str(corpus),
        "paths.hat": str(hat_folder),
        "training.max_steps": 4,
        "training.eval_frequency": 2,
    }
    train(config, tmp_path, overrides=overrides)
    nlp = spacy.load(tmp_path / "model-last")
    doc = nlp(TEXTS["a"])
    assert doc._.trf_data is None
    heads = set(nlp.pipe_names)
    if heads & {"textcat", "textcat_multilabel"}:
        assert set(doc.cats) == set(TEXTS)
    if "spancat_singlelabel" in heads:
        assert [(span.start, span.end) for span in doc.spans["sc"]] == [(sent.start, sent.end) for sent in doc.sents]
