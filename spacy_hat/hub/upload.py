"""What of a pipeline's folder goes to others: the files that the pipeline writes, and nothing else that lies there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from spacy.language import Language

from ..machine.card_mark import read_mark, state_of
from ..machine.kinds import CARD
from .origin import config_of

DOCUMENTS = (CARD, "LICENSE", "LICENSES_SOURCES")
"""What `spacy package` takes along beside the pipeline itself."""
PORTION, OVERLAP = 4_000_000, 10_000
"""Bytes of a file to look at once, and of these, how many twice: no key is longer."""
MOST_NAMED = 10
# Keys of services, by their forms; the last is a password in a URL.
_SECRETS = re.compile(
    rb"\bhf_[A-Za-z0-9]{30,}|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}|\bpypi-[\w-]{40,}"
    rb"|\bsk-[\w-]{30,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rb"|\b[a-z][a-z0-9+.-]*://[^\s/:@\"']+:[^\s/:@\"']+@"
)


class UploadError(ValueError):
    """A folder holds what is not to go to others."""


@dataclass(frozen=True)
class Upload:
    """What goes to others.

    folder (Path): The pipeline's folder.
    files (dict[str, int]): Path in it, with slashes -> bytes; in order.
    notes (list[str]): What others will be able to read, and the user may not expect.
    """

    folder: Path
    files: dict[str, int]
    notes: list[str]


def upload_of(nlp: Language) -> Upload:
    """Choose the files of a pipeline, and look into them.

    nlp (Language): The pipeline, loaded from its folder.
    RETURNS (Upload): Its files.
    RAISES (UploadError): If the folder holds other files, links that lead out of it, or what looks like a password, or
        if its card is missing or of an earlier training.
    """
    folder = Path(nlp.path).resolve()
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    _check_foreign(found, _own_files(nlp), folder)
    _check_card(folder)
    _check_secrets(found)
    return Upload(folder, {name: path.stat().st_size for name, path in found.items()}, _notes(nlp))


def _own_files(nlp: Language) -> set[str]:
    """What the pipeline writes. It is asked to, as components of any package write what they like."""
    with TemporaryDirectory() as name:
        written = Path(name) / "pipeline"
        nlp.to_disk(written)
        return {path.relative_to(written).as_posix() for path in written.rglob("*")}


def _check_foreign(found: dict[str, Path], own: set[str], folder: Path) -> None:
    foreign = [name for name in found if name not in own and name not in DOCUMENTS]
    if foreign:
        raise UploadError(
            f"{folder} holds what is not of the pipeline. Got: {_some(foreign)}. Expected: what nlp.to_disk writes, "
            f"and {',  '.join(DOCUMENTS)}. Move the rest elsewhere, or save the pipeline into a folder of its own."
        )
    links = [name for name, path in found.items() if not path.resolve().is_relative_to(folder)]
    if links:
        raise UploadError(
            f"{folder} holds links to files elsewhere. Got: {_some(links)}. Expected: the files themselves. Copy them "
            "there if they belong to the pipeline."
        )


def _check_card(folder: Path) -> None:
    write = f"python -m spacy hat card {folder}"
    if not (folder / CARD).is_file():
        raise UploadError(
            f"{folder} has no model card. Expected: {CARD}, which its readers see first. Write it: {write}"
        )
    mark = read_mark(folder / CARD)
    if mark is not None and mark.state != state_of(folder):
        raise UploadError(
            f"The model card of {folder} is of another state of the pipeline: its meta.json or config.cfg has changed "
            f"since. Got: scores and labels that may not be these. Expected: a card of this state. Write it anew: "
            f"{write}{'' if mark.is_unedited else ' --force (what you wrote in it is lost: copy it first)'}"
        )


def _check_secrets(found: dict[str, Path]) -> None:
    """RAISES (UploadError): If a text holds what looks like a key; says where, and never what."""
    places = []
    for name, path in found.items():
        places += [f"{name}, line {number}" for number in _lines_with_secrets(path)]
    if places:
        raise UploadError(
            f"The pipeline holds what looks like a password or a key. Got: {_some(places)}. Expected: nothing that is "
            "yours alone. Take it out, and have the service give you another one if it has been with others."
        )


def _lines_with_secrets(path: Path) -> list[int]:
    """RETURNS (list[int]): Numbers of the lines of a text; none of what is not a text, such as weights."""
    found: dict[int, None] = {}
    n_before, rest = 1, b""
    with path.open("rb") as file:
        while portion := file.read(PORTION):
            if not rest and b"\0" in portion:
                return []
            text = rest + portion
            found.update((n_before + text.count(b"\n", 0, match.start()), None) for match in _SECRETS.finditer(text))
            n_before, rest = n_before + text.count(b"\n", 0, -OVERLAP), text[-OVERLAP:]
    return list(found)


def _notes(nlp: Language) -> list[str]:
    notes = [
        f"vocab/strings.json has {len(nlp.vocab.strings):,} strings: words of the documents of its training are among "
        "them, in no order."
    ]
    paths: dict[str, str] = {}
    for name, path in _paths(config_of(nlp)):
        paths.setdefault(path, name)  # most are named in [paths], and read from there elsewhere
    if paths:
        named = [f"{name} = {path}" for path, name in paths.items()]
        notes.append(f"config.cfg tells where files lie on your machine: {_some(named)}.")
    return notes


def _paths(section: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """YIELDS (tuple[str, str]): Each absolute path in a part of a config, and where it stands."""
    if isinstance(section, dict):
        for key, value in section.items():
            yield from _paths(value, f"{name}.{key}" if name else str(key))
    elif isinstance(section, list | tuple):
        for value in section:
            yield from _paths(value, name)
    elif isinstance(section, str) and re.match(r"[/\\][\w./\\~-]|~[/\\\w]|[A-Za-z]:[/\\]", section):
        yield name, section


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
