"""Configs of the comparison: the shipped one of a task, with the head that a method has, and batches as init-config."""

from pathlib import Path

from thinc.api import Config

from scripts.compare.tasks.task import Unit

BALANCED = {"@batchers": "spacy-hat.batch_balanced.v1", "strength": 0.5}


def with_balanced_batches(config: Config) -> Config:
    """RETURNS (Config): The same, in which documents with rare labels come more often, as `init-config` has it."""
    batcher = config["training"]["batcher"]
    config["training"]["batcher"] = {**BALANCED, "size": batcher["size"]}
    return config


def with_passages(config: Config, n_sentences: int) -> Config:
    """RETURNS (Config): The same, trained on passages of so many sentences at most."""
    path = config["corpora"]["train"]["path"]
    config["corpora"]["train"] = {"@readers": "spacy-hat.passages.v1", "path": path, "n_sentences": n_sentences}
    return config


def config_of_method(config: Path, unit: Unit, chain: int | None, words: bool = False) -> Config:
    """Put a method's head into a config.

    config (Path): The shipped config of the task.
    unit (Unit): What has a label.
    chain (int | None): Sentences have a chain that is learned together with the encoder, after an LSTM of this width
        in each direction (0: none); None: each is labelled by itself.
    words (bool): Whether words decide on documents beside the encoder, as in the config.
    RETURNS (Config): The config, otherwise as it is.
    """
    changed = Config().from_disk(config, interpolate=False)
    if unit == "documents":
        head = changed["components"]["textcat"]["model"]
        if not words:
            head |= {"@architectures": "spacy-hat.DocumentClassifier.v1", "exclusive_classes": True}
            del head["linear_model"]
        return changed
    head = changed["components"]["spancat_singlelabel"]["model"]
    if chain is None:
        head |= {"@architectures": "spacy-hat.SpanClassifier.v1", "exclusive_classes": True}
        head.pop("recurrent_width", None)
    else:
        head |= {"@architectures": "spacy-hat.SentenceChain.v1", "recurrent_width": chain}
        head.pop("exclusive_classes", None)
    return changed
