"""Every parameter of every registered builder does something: each is flipped, and the difference is seen."""

import importlib.metadata
import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .support.flips import FLIPS, NEEDED, Flip

GROUPS = (
    "spacy_architectures",
    "spacy_callbacks",
    "spacy_factories",
    "spacy_misc",
    "spacy_readers",
    "spacy_batchers",
    "spacy_scorers",
    "thinc_optimizers",
    "thinc_schedules",
)
FUNCTIONS = {"hat_cleaner"}
BUILDERS = {
    entry.name: entry
    for group in GROUPS
    for entry in importlib.metadata.entry_points(group=group)
    if entry.value.startswith("spacy_hat.")
}
ROWS = [(name, parameter) for name, flips in FLIPS.items() for parameter in flips]


def build(name: str, hat: Path, parameters: dict[str, Any]) -> tuple[Any, bool]:
    """RETURNS (tuple[Any, bool]): What the builder makes, and whether it warned."""
    builder: Callable[..., Any] = BUILDERS[name].load()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        made = builder(**{**NEEDED[name](str(hat)), **parameters})
    return made, any(issubclass(warning.category, UserWarning) for warning in caught)


def seen(name: str, hat: Path, flip: Flip, parameters: dict[str, Any]) -> Any:
    made, warned = build(name, hat, {**flip.others, **parameters})
    return flip.see(made), warned


@pytest.mark.parametrize("name", BUILDERS)
def test_builder_has_a_row_for_each_parameter(name):
    given = {"nlp", "name"} if name in FUNCTIONS else set()
    assert set(FLIPS[name]) == set(inspect.signature(BUILDERS[name].load()).parameters) - given


@pytest.mark.parametrize(("name", "parameter"), ROWS)
def test_builder_hands_each_parameter_on(name, parameter, hat_folder, tmp_path):
    flip = FLIPS[name][parameter]
    if flip.made and parameter == "model":
        value = flip.value(hat_folder)
    else:
        value = flip.value(tmp_path) if flip.made else flip.value
    assert seen(name, hat_folder, flip, {parameter: value}) != seen(name, hat_folder, flip, {})
