"""docs/questions.md runs, block after block, on the files that it shows."""

import json
import re
from pathlib import Path

import pytest

from .support.pages import fresh_folder, type_page
from .support.project import ROOT

PAGE = ROOT / "docs" / "questions.md"
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```json\n(.*?)```", PAGE.read_text(encoding="utf8"), flags=re.DOTALL))


@pytest.mark.slow
def test_questions_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace = fresh_folder(tmp_path, monkeypatch)
    for name, content in FILES.items():
        (workplace / name).write_text(content, encoding="utf8")
    printed = type_page(PAGE)
    assert [code for code, text in printed.items() if not text and "hat" in code] == []
    scores = json.loads((workplace / "qa.json").read_text())["hat_qa"]
    assert scores.keys() >= {"qa_em", "qa_f1", "qa_f1_answered", "qa_f1_unanswered"}


def test_questions_page_shows_files_that_were_thought_of() -> None:
    assert set(FILES) == {"leases.json", "outcomes.jsonl"}
