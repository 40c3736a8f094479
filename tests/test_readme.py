"""The README's blocks run, word for word, in a folder that holds what they name. The two set-up commands run in CI."""

import re
from pathlib import Path

import pytest
import spacy

from .support.pages import fresh_folder, type_page
from .support.project import README, README_BLOCKS, ROOT

PYTHON = [block for _, language, block in README_BLOCKS if language == "python"]
SHELL = [block for comment, language, block in README_BLOCKS if language == "bash" and not comment]
SET_UP = [block for comment, language, block in README_BLOCKS if language == "bash" and comment]


def test_readme_has_two_set_up_commands() -> None:
    assert len(SET_UP) == 2
    assert all(len(block.strip().splitlines()) == 1 for block in SET_UP)


@pytest.mark.slow
def test_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh_folder(tmp_path, monkeypatch)
    printed = type_page(ROOT / "README.md")
    assert len(printed[PYTHON[0]].splitlines()) == 1 + 3
    assert spacy.load(tmp_path / "training" / "model-last").pipe_names[1] == "transformer"


def test_readme_has_one_block_of_commands() -> None:
    assert len(SHELL) == 1


def test_readme_has_no_other_python() -> None:
    assert len(PYTHON) == 1


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 100


def test_readme_links_lead_to_files() -> None:
    links = [*re.findall(r"\]\(([^)#]+)", README), *re.findall(r'src="([^"]+)"', README)]
    local = [link for link in links if "://" not in link]
    assert local
    assert [link for link in local if not (ROOT / link).is_file()] == []
