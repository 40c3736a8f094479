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
    # What has an encoder of its own leaves nothing of it on documents.
    assert settings["nlp"]["pipeline"][-1] in ("doc_cleaner", "hat_qa", "hat_choice")
    assert ("doc_cleaner" in settings["nlp"]["pipeline"]) is ("transformer" in settings["components"])
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
    doc = nlp.make_doc(TEXTS["a"])
    doc._.questions, doc._.options = ["what?"], list(TEXTS)
    doc = nlp(doc)
    heads = set(nlp.pipe_names)
    assert "transformer" not in heads or doc._.trf_data is None
    assert "hat_qa" not in heads or set(doc.spans["answers"].attrs["no_answer"]) == {"what?"}
    assert "hat_choice" not in heads or doc._.choice in TEXTS
    if heads & {"textcat", "textcat_multilabel"}:
        assert set(doc.cats) == set(TEXTS)
    if "spancat_singlelabel" in heads:
        assert [(span.start, span.end) for span in doc.spans["sc"]] == [(sent.start, sent.end) for sent in doc.sents]
