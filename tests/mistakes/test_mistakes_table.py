"""docs/mistakes.md has every row of the tables."""

from pathlib import Path

from .table import TABLES

PAGE = Path(__file__).parent.parent.parent / "docs" / "mistakes.md"


def test_mistakes_page_has_every_mistake():
    rows = [line.split(" | ")[0].removeprefix("| ") for line in PAGE.read_text(encoding="utf8").splitlines()]
    assert [mistake.name for table in TABLES.values() for mistake in table if mistake.name not in rows] == []


def test_mistakes_have_names_of_their_own():
    names = [mistake.name for table in TABLES.values() for mistake in table]
    assert len(set(names)) == len(names) >= 40
