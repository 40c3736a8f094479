"""The HAT inside a trained pipeline, to go on from: its folder stands where that of a checkpoint would."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from thinc.api import Config

from ..modeling.files.disk import first_line
from ..modeling.files.problems import RefusedError
from ..modeling.files.tokenizer_entries import check_options
from .stored import Encoded, damaged, read_encoder, read_message

ENCODERS = ("spacy-hat.HATModel.v1", "spacy-hat.HATTok2Vec.v1")
CONFIG = "config.cfg"


def is_pipeline(name: str | Path) -> bool:
    """RETURNS (bool): Whether a name is the folder of a spaCy pipeline, and not that of a checkpoint."""
    folder = Path(name)
    return (folder / CONFIG).is_file() and not (folder / "config.json").exists()


def encoder_of_pipeline(folder: Path, config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]) -> Encoded:
    """Read the encoder and its tokenizer. Nothing else of the pipeline is loaded.

    folder (Path): As `nlp.to_disk` wrote it.
    config (Mapping[str, Any]): Entries of the encoder's configuration to override.
    tokenizer_config (Mapping[str, Any]): Options for its tokenizer.
    RETURNS (tuple[HATModel, PreTrainedTokenizerBase]): Both, on the CPU.
    RAISES (ValueError): If there is not exactly one HAT in it, or what is stored of it is damaged.
    """
    options = check_options(tokenizer_config)
    component = _component(folder)
    file = folder / component / "model"
    source = f"component '{component}' in {folder}"
    if not file.is_file():
        raise damaged(source, f"no file {file}", "the file as nlp.to_disk wrote it")
    stored = list(_stored_encoders(read_message(file.read_bytes(), source), source))
    if len(stored) != 1:
        raise damaged(source, f"{len(stored)} encoders", "one")
    encoded = read_encoder(stored[0], config=config, tokenizer_config=options, source=source)
    if encoded is None:
        raise RefusedError(
            f"The pipeline in {folder} was saved before it was initialized: its HAT has no weights. Expected: a "
            "trained pipeline, such as training/model-best."
        )
    return encoded


def _component(folder: Path) -> str:
    try:
        sections = Config().from_disk(folder / CONFIG, interpolate=False).get("components", {})
    except ValueError as error:
        raise RefusedError(f"{folder / CONFIG} cannot be read: {first_line(error)} Copy the pipeline again.") from None
    found = [name for name, section in sections.items() if set(_architectures(section)) & {*ENCODERS}]
    if len(found) != 1 or Path(found[0]).name != found[0]:
        raise RefusedError(
            f"The pipeline in {folder} has {len(found)} components with a HAT ({', '.join(found) or 'none'}), expected "
            "one to take. Give a pipeline with one, or a checkpoint (python -m spacy hat warm-start)."
        )
    return found[0]


def _architectures(section: Any) -> Iterator[str]:
    """Every architecture that a section of a config names, at any depth."""
    for name, value in section.items() if isinstance(section, dict) else ():
        if name == "@architectures" and isinstance(value, str):
            yield value
        yield from _architectures(value)


def _stored_encoders(message: Mapping[str, Any], source: str) -> Iterator[bytes]:
    nodes, shims = message.get("nodes"), message.get("shims")
    if not isinstance(nodes, list) or not isinstance(shims, list) or len(nodes) != len(shims):
        raise damaged(source, "another kind of message", "the file as nlp.to_disk wrote it")
    for node, node_shims in zip(nodes, shims, strict=True):
        if isinstance(node, dict) and node.get("name") == "hat" and isinstance(node_shims, list):
            yield from (stored for stored in node_shims if isinstance(stored, bytes))
