"""What a checkpoint's own model card says of its licence and language."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import metadata_load

from .disk import find_file

# Fields of a card's front matter that hold for what is made from the model too.
INHERITED = ("license", "license_name", "license_link", "language")


@dataclass(frozen=True)
class SourceCard:
    """A checkpoint as its user named it, and what is known of it.

    name (str): Hub name, or the name of the folder: no more of its path, which says nothing to others.
    on_hub (bool): Whether it is a hub name.
    revision (str): The version asked for; empty if none was.
    metadata (dict[str, Any]): The INHERITED fields that its card has.
    base_model (str): Hub name of what it is made from, as its card says; empty if it does not.
    """

    name: str
    on_hub: bool = False
    revision: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    base_model: str = ""

    @property
    def licence(self) -> str:
        """RETURNS (str): The licence's name; empty if the card does not say."""
        licence = self.metadata.get("license_name") or self.metadata.get("license") or ""
        return licence if isinstance(licence, str) else ", ".join(map(str, licence))

    @property
    def url(self) -> str:
        """RETURNS (str): Its page on the hub; empty for a folder."""
        return f"https://huggingface.co/{self.name}" if self.on_hub else ""


def read_source_card(source: str | Path, **hub: Any) -> SourceCard:
    """Read the front matter of README.md. A card that is missing or cannot be read says nothing, which is not an error.

    source (str | Path): Folder or hub name of a checkpoint.
    **hub: Options of huggingface_hub's hf_hub_download, such as revision.
    RETURNS (SourceCard): What is known.
    """
    is_folder = Path(source).is_dir()
    path = find_file(source, "README.md", **hub)
    try:
        metadata = (metadata_load(path) if path else None) or {}
    # People write anything: broken YAML, other encodings, a list in its place.
    except Exception:
        metadata = {}
    known = {name: metadata[name] for name in INHERITED if metadata.get(name)}
    name = Path(source).resolve().name if is_folder else str(source)
    base = metadata.get("base_model")
    return SourceCard(
        name,
        on_hub=not is_folder,
        revision=str(hub.get("revision") or ""),
        metadata=known,
        base_model=base if isinstance(base, str) else "",
    )
