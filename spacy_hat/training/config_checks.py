"""What is wrong with the kinds of a config's values, where spaCy would fail without naming the setting."""

from collections.abc import Iterator
from typing import Any

from thinc.api import Config

NAMES = ("annotating_components", "frozen_components")
CORPORA = ("train_corpus", "dev_corpus")


def check_config(config: Config) -> None:
    """Look at values that spaCy takes for granted.

    config (Config): The config, not interpolated.
    RAISES (ValueError): If one of them is of another kind.
    """
    for place, key, value in _registered(config):
        if not isinstance(value, str) or not value:
            raise ValueError(_wrong(place, key, value, "the name of a registered function, in quotes"))
    training = config.get("training", {})
    if not isinstance(training, dict):
        raise ValueError(f"[training] is not a section. Got: {training!r}. Expected: settings. Correct the config.")
    for key in NAMES:
        value = training.get(key, [])
        if not _is_variable(value) and not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
            raise ValueError(_wrong("training", key, value, 'a list of names of components, such as ["sentencizer"]'))
    for key in CORPORA:
        value = training.get(key, "corpora.train")
        if not isinstance(value, str):
            raise ValueError(_wrong("training", key, value, 'the section of a corpus, such as "corpora.train"'))
    _check_score_weights(training.get("score_weights", {}))


def _check_score_weights(weights: object) -> None:
    if _is_variable(weights):
        return
    if not isinstance(weights, dict):
        raise ValueError(_wrong("training", "score_weights", weights, "a section with a weight for each score"))
    for name, weight in weights.items():
        is_number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if weight is not None and not is_number and not _is_variable(weight):
            raise ValueError(_wrong("training.score_weights", name, weight, "a number, or null to show it only"))


def _registered(section: dict[str, Any], place: str = "") -> Iterator[tuple[str, str, object]]:
    """YIELDS (tuple[str, str, object]): Section, key and value of every name of a registered function."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _registered(value, f"{place}.{key}" if place else key)
        elif key.startswith("@"):
            yield place, key, value


def _is_variable(value: object) -> bool:
    return isinstance(value, str) and "${" in value


def _wrong(place: str, key: str, value: object, expected: str) -> str:
    got = "null" if value is None else repr(value)
    return f"[{place}] has {key} = {got}. Expected: {expected}. Correct it in [{place}]."
