"""Every mistake in the tables is answered, and docs/mistakes.md has it."""

from pathlib import Path

import pytest

from ..support.mistake import Mistake
from ..support.pipelines import OURS
from ..support.workshop import Workshop, start
from .pipelines import TEXT
from .table import TABLES

PAGE = Path(__file__).parent.parent.parent / "docs" / "mistakes.md"
MISTAKES = [pytest.param(mistake, id=mistake.name) for table in TABLES.values() for mistake in table]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_answered(mistake: Mistake, workshop: Workshop) -> None:
    mistake.check(workshop)


def test_mistakes_page_has_every_mistake():
    rows = [line.split(" | ")[0].removeprefix("| ") for line in PAGE.read_text(encoding="utf8").splitlines()]
    assert [mistake.name for table in TABLES.values() for mistake in table if mistake.name not in rows] == []


def test_mistakes_have_names_of_their_own():
    names = [mistake.name for table in TABLES.values() for mistake in table]
    assert len(set(names)) == len(names) >= 40


@pytest.mark.parametrize("component", OURS)
def test_mistake_of_disabling_the_encoder_is_an_error_for_every_head(component: str, workshop: Workshop) -> None:
    nlp = start(workshop.sound_hat, component)
    with nlp.select_pipes(disable=["transformer"]), pytest.raises(ValueError, match="No transformer output"):
        nlp(TEXT)
