"""The effect of precision: which figures are compared, and how they are averaged."""

import pytest
from rich.console import Console

from scripts.precision import averages, measure, results_table

ROWS = [
    {"model": "a", "task": "textcat", "n": 10, "float32": 0.8, "bfloat16": 0.9},
    {"model": "b", "task": "textcat", "n": 30, "float32": 1.0, "bfloat16": 0.9},
    {"model": "c", "task": "spancat", "n": 5, "float32": 0.6, "bfloat16": 0.6},
]


def test_precision_averages_by_task_over_decisions():
    spancat, textcat = averages(ROWS)
    assert spancat == {"task": "spancat", "n": 5, "float32": 0.6, "bfloat16": 0.6}
    assert (textcat["n"], textcat["float32"], textcat["bfloat16"]) == (40, pytest.approx(0.95), pytest.approx(0.9))


def test_precision_table_has_the_difference_in_points():
    console = Console(width=120, record=True)
    console.print(results_table(ROWS))
    text = console.export_text()
    assert "+10.00" in text
    assert "-5.00" in text


def test_precision_is_what_the_pipeline_is_asked_for(monkeypatch):
    asked = []

    def fake(model, test, *, limit, precision, console):
        asked.append(precision)
        return {"task": "spancat", "n_docs": 2, "n_sents": 7, "accuracy": 0.5 + 0.1 * len(asked)}

    monkeypatch.setattr("scripts.precision.evaluate", fake)
    row = measure("m", "t", Console(), 2)
    assert asked == ["float32", "bfloat16"]
    assert (row["n"], row["float32"], row["bfloat16"]) == (7, 0.6, 0.7)
