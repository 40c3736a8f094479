"""The table of docs/pretraining.md is what a pretraining has logged."""

import json

import pytest

from scripts.pretraining_figures import main, read_figures, table_of

from ..support.project import ROOT

PAGE = ROOT / "docs" / "pretraining.md"
RESULTS = ROOT / "results" / "pretraining.json"
SETTINGS = {"weights": {"choice": 1.0}, "max_steps": 1500, "seed": 0, "batch_pieces": 3000, "batches_per_step": 1}
LOGS = [
    {"step": 0, "hidden_choice": 5.0, "hidden_choice_off": 5.01, "gauge": 0.01, "right_choice": 0.015},
    {"step": 1500, "hidden_choice": 2.5, "hidden_choice_off": 4.0, "gauge": 1.5, "right_choice": 0.372, "loss": 2.0},
    {"step": 1500, "train_runtime": 9.0},
]


@pytest.fixture
def hat(tmp_path):
    made_of = {**SETTINGS, "packing": "sentences", "precision": "float32", "hat": "abc"}
    (tmp_path / "pretraining.json").write_text(json.dumps(made_of), encoding="utf8")
    (tmp_path / "pretraining.jsonl").write_text("\n".join(map(json.dumps, LOGS)) + "\n", encoding="utf8")
    return tmp_path


def test_figures_are_those_of_held_out_documents(hat):
    figures = read_figures(hat)
    assert [log["step"] for log in figures["logs"]] == [0, 1500]
    assert "hat" not in figures["settings"]


def test_table_has_a_row_for_each_log(hat):
    *_, first, second = table_of(read_figures(hat)).splitlines()
    assert first == "| 0 | 5.00 | 5.01 | 0.01 | 2% |"
    assert second == "| 1,500 | 2.50 | 4.00 | 1.50 | 37% |"


def test_figures_are_quoted_in_the_page(hat, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- pretraining -->\nold\n<!-- /pretraining -->\nafter\n", encoding="utf8")
    main(hat, tmp_path / "results.json", page)
    text = page.read_text(encoding="utf8")
    assert "| 1,500 |" in text
    assert "old" not in text


@pytest.mark.skipif(not RESULTS.is_file(), reason="nothing was measured yet")
def test_page_has_the_figures_of_the_results():
    assert table_of(json.loads(RESULTS.read_text(encoding="utf8"))) in PAGE.read_text(encoding="utf8")
