"""Writes docs/api.md and docs/commands.md from docstrings and help texts: `python -m tools.write_reference`.

A test holds the pages to what this writes.
"""

from pathlib import Path

from spacy_hat.machine.atomic_output import new_file
from tools.reference_api import api_page
from tools.reference_commands import commands_page

ROOT = Path(__file__).parent.parent
PAGES = {"docs/api.md": api_page, "docs/commands.md": commands_page}


if __name__ == "__main__":
    for name, page in PAGES.items():
        with new_file(ROOT / name) as file:
            file.write_text(page(), encoding="utf8")
