"""The same seed on the same machine: `spacy train` writes the same bytes, dropout included, whatever Python hashes."""

import os
import subprocess
import sys

import pytest
from spacy.cli.train import train

from ..support.pipelines import document_head, span_head
from ..support.training import hat, made, make_config

COMPONENTS = ["textcat", "spancat", "ner"]

pytestmark = pytest.mark.slow


def trained_bytes(folder):
    """RETURNS (dict[str, bytes]): Component -> its model, as `spacy train` saved it."""
    return {name: (folder / name / "model").read_bytes() for name in ("transformer", *COMPONENTS)}


@pytest.fixture(scope="module")
def config(hat_folder, corpus, tmp_path_factory):
    """The file of a config that drops out in the encoder and in the heads."""
    dropouts = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
    components = {
        "transformer": {"factory": "hat", "model": hat(hat_folder, transformer_config=dropouts)},
        "textcat": made("textcat", **document_head(dropout=0.2, pooling="attentive")),
        "spancat": made("spancat", **span_head(False, dropout=0.2)),
        "ner": made("ner"),
    }
    path = tmp_path_factory.mktemp("config") / "config.cfg"
    make_config(corpus, components, {"max_steps": 3, "dropout": 0.2}).to_disk(path)
    return path


@pytest.fixture(scope="module")
def first(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    train(config, folder)
    return trained_bytes(folder / "model-last")


def test_nlp_trained_twice_with_one_seed_has_the_same_weights(config, first, tmp_path):
    train(config, tmp_path)
    assert trained_bytes(tmp_path / "model-last") == first


def test_nlp_trained_by_another_process_has_the_same_weights(config, first, tmp_path):
    command = [sys.executable, "-m", "spacy", "train", str(config), "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert trained_bytes(tmp_path / "model-last") == first


def test_nlp_trained_with_another_seed_has_other_weights(config, first, tmp_path):
    train(config, tmp_path, overrides={"training.seed": 1})
    other = trained_bytes(tmp_path / "model-last")
    assert [name for name in first if other[name] == first[name]] == []
