"""Where a pipeline comes from, as far as its config says: what its encoder began with, and the files of its training.

Only names are told, never paths: they say nothing to others, and may say more than they should.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from spacy.language import Language

from ..layers.trained_pipeline import ENCODERS, is_pipeline
from ..modeling.files.card import SourceCard, read_source_card
from ..modeling.files.names import is_path
from ..pipeline.heads import Encoder


@dataclass(frozen=True)
class Origin:
    """What an encoder's weights were before its training.

    name (str): Hub name, or the last part of a path; empty if the config does not say.
    base_model (str): Hub name of what it is made from, directly or by a warm start; empty if that is not known.
    licence (str): That of the checkpoint; empty if that is not known.
    """

    name: str
    base_model: str = ""
    licence: str = ""


def origin_of(nlp: Language, encoder: Encoder) -> Origin:
    """Find what an encoder began with. A checkpoint's card is read where its folder is still there, and nowhere else.

    nlp (Language): The pipeline.
    encoder (Encoder): One of its encoders.
    RETURNS (Origin): What is known.
    """
    section = config_of(nlp)["components"].get(encoder.component, {})
    name = next((str(entry["name"]) for entry in _encoder_entries(section) if entry.get("name")), "")
    if not name:
        return Origin("")
    if Path(name).is_dir():
        card = SourceCard(file_name(name)) if is_pipeline(name) else read_source_card(name)
        return Origin(file_name(name), card.base_model, card.licence)
    return Origin(file_name(name)) if is_path(name) else Origin(name, base_model=name)


def data_of(nlp: Language) -> dict[str, str]:
    """RETURNS (dict[str, str]): `train` and `dev` -> the name of the file or folder that the config reads."""
    config = config_of(nlp)
    found = {}
    for part in ("train", "dev"):
        section: Any = config
        for name in str(config["training"].get(f"{part}_corpus") or "").split("."):
            section = section.get(name) if isinstance(section, dict) else None
        path = section.get("path") if isinstance(section, dict) else None
        if isinstance(path, str) and path:
            found[part] = file_name(path)
    return found


def config_of(nlp: Language) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): A pipeline's config, with variables such as `${paths.train}` filled in."""
    return nlp.config.interpolate()


def file_name(path: str) -> str:
    """RETURNS (str): The last part of a path of any system."""
    return PureWindowsPath(path).name


def _encoder_entries(section: Any) -> Iterator[dict[str, Any]]:
    """YIELDS (dict[str, Any]): The settings of each encoder in a part of a config."""
    if not isinstance(section, dict):
        return
    if section.get("@architectures") in ENCODERS:
        yield section
    for value in section.values():
        yield from _encoder_entries(value)
