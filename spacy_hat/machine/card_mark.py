"""The last line of a model card that a command wrote: of which state of its pipeline, and with which text.

With it the command tells a card of its own from one that somebody wrote or changed, and one of an earlier training from
one of this.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_MARK = re.compile(r"\n<!-- spacy-hat card: state ([0-9a-f]{16}), text ([0-9a-f]{16}) -->\s*\Z")
STATE_FILES = ("meta.json", "config.cfg")
"""What a card is made from: scores, labels and settings."""


@dataclass(frozen=True)
class CardMark:
    """What the last line of a card says.

    state (str): Digest of the pipeline's meta.json and config.cfg when it was written.
    is_unedited (bool): Whether the text is as it was written.
    """

    state: str
    is_unedited: bool


def sign(text: str, state: str) -> str:
    """RETURNS (str): A card with its last line."""
    return f"{text}\n<!-- spacy-hat card: state {state}, text {_digest(text.encode())} -->\n"


def read_mark(card: Path) -> CardMark | None:
    """RETURNS (CardMark | None): What the last line of a card says; None if no command wrote it."""
    try:
        text = card.read_bytes().decode("utf8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None
    found = _MARK.search(text)
    if found is None:
        return None
    return CardMark(found[1], is_unedited=found[2] == _digest(text[: found.start()].encode()))


def is_unedited(card: Path) -> bool:
    """RETURNS (bool): Whether a command wrote a card, and nobody has changed it since."""
    mark = read_mark(card)
    return mark is not None and mark.is_unedited


def state_of(pipeline: Path) -> str:
    """RETURNS (str): Digest of what a card is made from, in the folder of a pipeline."""
    return _digest(b"\0".join((pipeline / name).read_bytes() for name in STATE_FILES))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
