"""Single blocks of a page, found by what is in them."""

from pathlib import Path

from .project import CODE_BLOCK


def block_of(page: Path, language: str, words: str) -> str:
    """RETURNS (str): The one block of a page that is in a language and has these words."""
    blocks = [code for _, name, code in CODE_BLOCK.findall(page.read_text(encoding="utf8")) if name == language]
    (found,) = [code for code in blocks if words in code]
    return found
