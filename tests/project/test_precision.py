"""The effect of precision: which figures are compared, and how they are averaged."""

import pytest
from rich.console import Console

from scripts import precision as module
from scripts.precision import averages, measure, results_table
from scripts.scores import Predicted

ROWS = [
    {"model": "a", "task": "textcat", "n": 10, "float32": 0.8, "bfloat16": 0.9, "equal": {"bfloat16": 0.9}},
    {"model": "b", "task": "textcat", "n": 30, "float32": 1.0, "bfloat16": 0.9, "equal": {"bfloat16": 0.9}},
    {"model": "c", "task": "spancat", "n": 5, "float32": 0.6, "bfloat16": 0.6, "equal": {"bfloat16": 1.0}},
]


def test_precision_averages_by_task_over_decisions():
    spancat, textcat = averages(ROWS)
    assert spancat == {"task": "spancat", "n": 5, "float32": 0.6, "bfloat16": 0.6, "equal": {"bfloat16": 1.0}}
    assert (textcat["n"], textcat["float32"], textcat["bfloat16"]) == (40, pytest.approx(0.95), pytest.approx(0.9))
    assert textcat["equal"] == {"bfloat16": pytest.approx(0.9)}


def test_precision_table_has_the_difference_in_points_and_the_equal_decisions():
    console = Console(width=120, record=True)
    console.print(results_table(ROWS))
    text = console.export_text()
    assert "+10.00" in text
    assert "-5.00" in text
    assert "90.00%" in text


@pytest.mark.parametrize("native", [["bfloat16"], ["bfloat16", "int8"], ["int8"]])
def test_precision_is_what_the_pipeline_is_asked_for_and_the_cpu_has(monkeypatch, native):
    asked = []

    def fake(model, test, *, limit, precision, console):
        asked.append(precision)
        found = ["a", "b", "a", "b"] if precision == "float32" else ["a", "b", "a", "a"]
        return Predicted([["a", "b"], ["a", "a"]], [found[:2], found[2:]])

    monkeypatch.setattr(module, "predict", fake)
    monkeypatch.setattr(module, "native", lambda: native)
    row = measure("m", "t", Console(), 2)
    assert asked == ["float32", *native]
    assert (row["n"], row["float32"]) == (4, 0.75)
    assert [row[precision] for precision in native] == [1.0] * len(native)
    assert row["equal"] == dict.fromkeys(native, 0.75)
