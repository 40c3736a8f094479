"""The shipped configs: complete, valid, and training on a corpus and an encoder that are not the project's."""

from pathlib import Path

import pytest
import spacy
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.tokens import Doc, DocBin, Span
from thinc.api import Config

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))
TEXTS = {
    "a": "we read whole documents. the appeal was dismissed.",
    "b": "hello world. this is the court. costs follow.",
}


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents with one of two labels, and a label for each sentence; and something for what looks at tokens."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    docs = []
    for label, text in TEXTS.items():
        doc = nlp(text)
        spans = [Span(doc, sent.start, sent.end, label="long" if len(sent) > 3 else "short") for sent in doc.sents]
        plain = Doc(nlp.vocab, words=[token.text for token in doc], spaces=[bool(token.whitespace_) for token in doc])
        plain.cats = {other: float(other == label) for other in TEXTS}
        plain.spans["sc"] = [Span(plain, span.start, span.end, label=span.label) for span in spans]
        plain.set_ents([Span(plain, 0, 1, label="FIRST")])
        for token in plain:
            token.tag_, token.pos_, token.lemma_ = ("P", "PUNCT", ".") if token.text == "." else ("W", "X", token.text)
        docs += [plain] * 4
    path = tmp_path_factory.mktemp("corpus") / "docs.spacy"
    DocBin(docs=docs).to_disk(path)
    return path


def sections(config: Config) -> list[list[str]]:
    """The lines of each section, in any order: that of settings which a config leaves out depends on confection."""
    return [sorted(section.splitlines()) for section in config.to_str().split("\n\n")]


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
