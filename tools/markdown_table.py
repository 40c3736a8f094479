"""Prose and tables that read the same on GitHub and in the documentation's site."""

import re
from collections.abc import Iterable, Sequence
from html import escape as html_escape

CODE = re.compile(r"(`[^`]*`)")


def escape(text: str) -> str:
    """RETURNS (str): Plain text as Markdown: what is not between backticks is read letter by letter."""
    parts = CODE.split(text)
    return "".join(part if part.startswith("`") else re.sub(r"([*<]|__)", r"\\\1", part) for part in parts)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table.

    header (Sequence[str]): Titles of the columns.
    rows (Iterable[Sequence[str]]): Cells, in Markdown.
    RETURNS (str): The table, without a line break at its end.
    """
    lines = [header, ["---"] * len(header), *([*map(cell, row)] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Keep bars inside a cell.

    text (str): Markdown. In code, GitHub takes an escaped bar for a bar and Python-Markdown for both characters: so
        code with a bar is written as HTML.
    RETURNS (str): Markdown that may stand in a table.
    """
    as_html = CODE.sub(lambda code: _html(code[0][1:-1]) if "|" in code[0] else code[0], text)
    return as_html.replace("|", "\\|")


def _html(code: str) -> str:
    return f"<code>{html_escape(code, quote=False).replace('|', '&#124;')}</code>"
