"""Markdown of strangers' words: labels and names are shown as they are, and become no markup of the card."""

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")


def plain(text: object) -> str:
    """RETURNS (str): A text in one line, in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


def code(text: object) -> str:
    """RETURNS (str): A name as code, within a table or without."""
    words = " ".join(str(text).split())
    return f"`{words}`" if not re.search(r"[`|]", words) else plain(words)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """RETURNS (str): A table; cells are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """RETURNS (str): A list; lines are Markdown already."""
    return "\n".join(f"* {line}" for line in lines)
