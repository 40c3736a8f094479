"""Configs for `spacy train`: a few steps on documents of `pipelines`."""

from pathlib import Path
from typing import Any

from spacy.util import copy_config
from thinc.api import Config

from .pipelines import COMPONENTS

# Multi-language: English takes half a second each time to read the exceptions of its tokenizer.
SETTINGS = """
[nlp]
lang = "xx"

[training]
dev_corpus = "corpora.dev"
train_corpus = "corpora.train"
seed = 0
gpu_allocator = null
max_steps = 2
eval_frequency = 2
annotating_components = ["sentencizer"]

[training.optimizer]
@optimizers = "spacy-hat.Adam.v1"
encoder_learn_rate = 0.001
learn_rate = 0.01

[training.score_weights]
cats_macro_auc = 1.0

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"

[corpora.dev]
@readers = "spacy.Corpus.v1"
"""


def made(component: str, **settings: Any) -> dict[str, Any]:
    """RETURNS (dict): The component as its factory makes it, with other settings of its model."""
    factory, config = COMPONENTS[component]
    config = copy_config(config)
    config["model"].update(settings)
    return {"factory": factory, **config}


def hat(folder: Path, **settings: Any) -> dict[str, Any]:
    """RETURNS (dict): The encoder of a checkpoint, a segment for each sentence."""
    return {"@architectures": "spacy-hat.HATModel.v1", "name": str(folder), "packing": "sentences", **settings}


def make_config(corpus: Path, components: dict[str, Any], training: dict[str, Any]) -> Config:
    """RETURNS (Config): A sentencizer and these components, trained on a corpus."""
    config = Config().from_str(SETTINGS)
    config["nlp"]["pipeline"] = ["sentencizer", *components]
    config["components"] = {"sentencizer": {"factory": "sentencizer"}, **components}
    config["training"].update(training)
    for name in ("train", "dev"):
        config["corpora"][name]["path"] = str(corpus)
    return config
