"""Figures of explanations: as JSON, and quoted in docs/explanations.md between two comments that name them."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy_hat.machine.atomic_output import new_file
from tools.markdown_table import markdown_table


def write_figures(figures: dict[str, Any], file: Path) -> None:
    """Write figures, whole or not at all.

    figures (dict[str, Any]): What was measured, and with what.
    file (Path): Where to.
    """
    with new_file(file) as made:
        made.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")


def quote(page: Path, name: str, text: str) -> None:
    """Put text into a page, in the place of what stood there.

    page (Path): A Markdown file with `<!-- name -->` and `<!-- /name -->`.
    name (str): Which place.
    text (str): Markdown.
    RAISES (ValueError): If the page has no such place.
    """
    before = page.read_text(encoding="utf8")
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", flags=re.DOTALL)
    if not place.search(before):
        raise ValueError(f"{page} has no place for figures. Expected: lines <!-- {name} --> and <!-- /{name} -->.")
    with new_file(page) as made:
        made.write_text(place.sub(lambda match: match[1] + text.rstrip() + "\n" + match[2], before), encoding="utf8")


def markdown_rows(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """RETURNS (str): A Markdown table."""
    return markdown_table(header, rows) + "\n"
