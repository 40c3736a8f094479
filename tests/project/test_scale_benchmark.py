"""The simulation of many workers, and what is computed of runs."""

import json

import pytest

from benchmarks.scale.figures import costs_of, marks_of, real_lengths
from benchmarks.scale.page import BEGIN, FIGURES, PAGE, figures_page
from benchmarks.scale.simulation import NEVER, Costs, blocks_of, seconds_of, simulate

from ..support.project import ROOT

FREE = Costs(
    per_character=1e-5,
    per_document=1e-3,
    to_start=0.0,
    to_read=0.0,
    to_hand_out=0.0,
    between_failures=NEVER,
    n_files=1,
)


def changed(**costs):
    return Costs(**{**vars(FREE), **costs})


def test_simulation_without_costs_is_linear():
    found = simulate([1000] * 10, 20_000, FREE, workers=(1, 2, 4))
    assert [row["efficiency"] for row in found["workers"]] == [1.0, 1.0, 1.0]
    assert found["work_seconds"] == pytest.approx(20_000 * (1e-3 + 1000 * 1e-5))


def test_simulation_blocks_are_those_of_the_budget():
    assert blocks_of([100, 1000], 3, budget=10**9)[0][0] == 3
    assert {n for n, _ in blocks_of([150_000], 3)} == {1}


REASONS = {
    "starting": {"to_start": 100.0},
    "reading": {"to_read": 1e-5},
    "handing out": {"to_hand_out": 1.0},
    "failures": {"between_failures": 10.0, "to_start": 1.0},
}


@pytest.mark.parametrize("reason", REASONS)
def test_simulation_names_what_makes_it_less_than_linear(reason):
    found = simulate([1000], 20_000, changed(**REASONS[reason]), workers=(1, 64))
    assert found["workers"][1]["because of"] == reason
    assert found["linear_up_to"] <= 1


def test_simulation_repeats_what_a_lost_worker_had_begun():
    blocks = blocks_of([1000], 20_000)
    assert seconds_of(blocks, 4, changed(between_failures=20.0)) > 1.02 * seconds_of(blocks, 4, FREE)


def runs(**seconds):
    return {name.replace("_", " "): [{"seconds": one, "seconds_in_all": one + 5}] for name, one in seconds.items()}


def test_figures_compare_medians_of_runs():
    found = runs(bare=10.0, kernel=10.4, ray=11.0)
    found |= {"ray, 2": [{"seconds": 6.0}], "bare, skewed": [{"seconds": 12.0}], "ray, 2, skewed": [{"seconds": 6.6}]}
    assert marks_of(found) == {
        "overhead of the kernel": 0.04,
        "overhead of Ray on one node": 0.1,
        "two nodes of Ray, over one": 1.833,
        "wall over work / workers, skewed": 1.1,
        "wall over work / workers, even": 1.2,
    }


def test_figures_compare_processes_that_wait_with_the_time_that_they_wait():
    assert marks_of({"kernel, 4, waiting": [{"seconds": 22.0, "work": 80.0}]}) == {
        "wall over work / workers, waiting": 1.1
    }


def test_figures_tell_documents_from_characters():
    found = runs(bare=1000 * 0.001 + 10**6 * 1e-5, ray=12.0, reading=0.5)
    found |= {"bare, skewed": [{"seconds": 5000 * 0.001 + 10**6 * 1e-5}], "ray, crumbs": [{"seconds": 50.0}]}
    costs = costs_of(found, {"even": [1000] * 1000, "skewed": [200] * 5000}, n_crumbs=1000)
    assert (costs.per_document, costs.per_character) == pytest.approx((0.001, 1e-5))
    assert (costs.to_start, costs.to_hand_out, costs.to_read) == pytest.approx((5.0, 0.05, 5e-7))


def test_figures_have_lengths_of_real_documents():
    assert all(len(found) >= 100 and min(found) > 0 for found in real_lengths().values())


def test_scale_page_has_the_figures_that_were_measured():
    figures = json.loads((ROOT / FIGURES).read_text(encoding="utf8"))
    assert figures_page(figures) in (ROOT / PAGE).read_text(encoding="utf8")


def test_figures_page_tells_memory_and_where_it_stops_being_linear():
    runs = {
        "kernel, memory": [{"seconds": 9.0, "memory_mb": [*range(500, 600, 5)]}],
        "ray": [{"seconds": 9.0, "seconds_in_all": 30.0}],
    }
    simulation = {"docstrings": simulate([1000], 20_000, changed(to_start=100.0), workers=(1, 64))}
    settings = {"documents": 6000, "memory": 20_000}
    page = figures_page({"settings": settings, "marks": marks_of(runs), "runs": runs, "simulation": simulation})
    assert page.startswith(BEGIN)
    assert "| Kernel, MB | 500 | 505 | 520 | 545 | 570 | 595 |" in page
    assert "From the first tenth to the end: kernel, +17.8%" in page  # 595 over 505
    assert "took 21 s to start" in page
    assert "Linear (90 % or more) up to 0 workers; from there on, it is starting that costs most." in page
