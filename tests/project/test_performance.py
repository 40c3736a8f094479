"""Every benchmark of speed runs with --quick, and the page of documentation is made of what they leave behind."""

import json
import os

import pytest
import typer
from typer.testing import CliRunner

from benchmarks import (
    allocator,
    attention,
    dense,
    encoder,
    engine_pipelines,
    engine_profile,
    engines,
    frozen,
    gpu,
    growth,
    packing,
    pipeline,
)
from benchmarks.comparisons import compare
from benchmarks.sizes import BASE, QUICK, full_lengths, sentence_lengths
from benchmarks.timing import interleaved_seconds, medians
from spacy_hat.machine.processor import describe_machine
from tools import performance
from tools.performance_sections import SECTIONS, comparison_rows

from ..support.project import ROOT

pytestmark = pytest.mark.slow


def app_of(main):
    app = typer.Typer()
    app.command()(main)
    return app


# File without .json -> what makes it.
BENCHMARKS = {
    "engines": (engines.app, []),
    "engine_pipelines": (app_of(engine_pipelines.main), []),
    "engine_profile": (app_of(engine_profile.main), []),
    "allocator": (app_of(allocator.main), []),
    "encoder-predict": (encoder.app, ["predict"]),
    "encoder-training": (encoder.app, ["training"]),
    "encoder-peers": (encoder.app, ["peers"]),
    "encoder-repeats": (encoder.app, ["repeats"]),
    "pipeline-documents": (pipeline.app, ["documents"]),
    "pipeline-short": (pipeline.app, ["short"]),
    "growth": (app_of(growth.main), []),
    "dense": (app_of(dense.main), []),
    "frozen": (app_of(frozen.main), []),
    "gpu": (gpu.app, ["--device", "cpu", "--limit", "1000"]),
}


# As scripts/precision.py writes it, which needs trained pipelines.
FIGURES = {"n": 10, "float32": 0.9, "bfloat16": 0.8}
PRECISION = {
    "command": "python -m scripts.precision a=b",
    "machine": describe_machine(),
    "pipelines": [{"model": "a", "test": "b", "task": "textcat", **FIGURES}],
    "averages": [{"task": "textcat", **FIGURES}],
}


def invoke(app, *arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """RETURNS (Path): A folder with what every benchmark leaves behind."""
    made = tmp_path_factory.mktemp("performance")
    for name, (app, arguments) in BENCHMARKS.items():
        invoke(app, *arguments, "--quick", "--json", made / f"{name}.json")
    (made / "precision.json").write_text(json.dumps(PRECISION), encoding="utf8")
    return made


@pytest.fixture(scope="module")
def results(folder):
    return performance.read_results(folder)


def test_benchmarks_are_all_on_the_page(results):
    assert results.keys() == SECTIONS.keys()


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark_names_its_command_and_its_machine(results, name):
    assert results[name]["command"].startswith("python -m benchmarks.")
    assert results[name]["command"].endswith("--quick")
    assert results[name]["machine"]["torch"]


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "growth"])
def test_benchmark_compares_what_it_timed(results, name):
    assert all(seconds > 0 for run in results[name].get("runs", []) for seconds in run["seconds"])
    found = results[name].get("comparisons", [])
    assert found or results[name].get("runs") or results[name]["profiles"]
    assert all(ratio > 0 for comparison in found for ratio in comparison["ratios"].values())


def test_allocator_benchmark_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1")
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    before = dict(os.environ)
    with allocator.environment(allocator.KEPT):
        assert os.environ == before | allocator.KEPT
    assert os.environ == before


def test_encoder_benchmark_times_everything_it_was_asked_for(results):
    asked = {(found["work"], found["against"]) for found in results["encoder-predict"]["comparisons"] if found["asked"]}
    assert {("full segments", "RoBERTa, padded"), ("ordinary sentences", "RoBERTa, padded")} < asked
    assert ("whole document", "Longformer") in asked
    assert ("full segments", "bare products, float32") in asked


@pytest.mark.parametrize("name", ["pipeline-documents", "pipeline-short"])
def test_pipeline_benchmark_has_profiles_whose_shares_add_up(results, name):
    for profile in results[name]["profiles"]:
        assert sum(profile["shares"].values()) == pytest.approx(1.0)
        assert profile["outside"] == pytest.approx(1.0 - profile["shares"]["encoder"])


def test_growth_benchmark_fits_the_exponent():
    pieces = [1000, 4000, 16000]
    assert growth.exponent(pieces, [3e-4 * n**1.25 for n in pieces]) == pytest.approx(1.25)


def test_growth_benchmark_reads_longer_and_longer_documents(results):
    pieces = [found["pieces"] for found in results["growth"]["lengths"]]
    assert pieces == sorted(pieces)
    assert pieces[-1] > 3 * pieces[0]


@pytest.mark.parametrize("repeats", [1, 3])
def test_repeats_option_says_how_often_each_is_timed(tmp_path, monkeypatch, repeats):
    monkeypatch.setattr(encoder, "BASE", QUICK)  # --quick itself times everything once
    out = tmp_path / "results.json"
    invoke(encoder.app, "training", "--repeats", repeats, "--json", out)
    runs = json.loads(out.read_text(encoding="utf8"))["runs"]
    assert {len(run["seconds"]) for run in runs} == {repeats}


def test_sentences_are_as_many_pieces_as_the_page_says():
    assert full_lengths(BASE).sum() == 4096
    assert sentence_lengths(BASE).sum() == 948
    assert sentence_lengths(BASE).max() <= 128


def test_times_are_taken_in_turns():
    order = []
    keys = [("encode", by, "float32") for by in ("HAT", "them")]
    seconds = interleaved_seconds({key: lambda key=key: order.append(key) for key in keys}, 3)
    assert order == 3 * keys
    assert {key: len(runs) for key, runs in seconds.items()} == dict.fromkeys(keys, 3)
    assert medians({keys[0]: [9.0, 1.0, 2.0]}) == {keys[0]: 2.0}


def test_comparison_is_against_float32_unless_both_are_in_bfloat16():
    seconds = {
        ("w", "HAT", "float32"): 2.0,
        ("w", "HAT", "bfloat16"): 1.0,
        ("w", "them", "float32"): 6.0,
        ("w", "them", "bfloat16"): 3.0,
    }
    found = compare(seconds, "w", "HAT", "them", asked={"float32": 3.0, "bfloat16": 7.0})
    assert found.ratios == {"float32": 3.0, "bfloat16": 6.0, "bfloat16 of both": 3.0}
    assert not found.reached
    ((work, against, *ratios, asked),) = comparison_rows([vars(found)])
    assert (work, against, asked) == ("w, HAT", "them", "3 / 7")
    assert ratios == ["**3.00**", "6.00 (not reached)", "3.00"]


def test_comparison_leaves_out_a_precision_that_the_cpu_lacks():
    found = compare({("w", "HAT", "float32"): 2.0, ("w", "them", "float32"): 6.0}, "w", "HAT", "them")
    assert found.ratios == {"float32": 3.0}


@pytest.mark.parametrize(("main", "column"), [(attention.main, "fused / plain"), (packing.main, "share of encoding")])
def test_other_benchmarks_run(main, column):
    assert column in " ".join(invoke(app_of(main), "--quick").split())


def test_packing_benchmark_wants_a_tokenizer():
    result = CliRunner().invoke(app_of(packing.main), [])
    assert result.exit_code != 0
    assert "models/hat-minilm" in result.output


def write_page(results, out):
    return CliRunner().invoke(app_of(performance.main), ["--results", str(results), "--out", str(out)])


def test_performance_page_has_every_table_and_both_plots(folder, tmp_path):
    out = tmp_path / "performance.md"
    assert write_page(folder, out).exit_code == 0
    page = out.read_text(encoding="utf8")
    for result in performance.read_results(folder).values():
        assert f"`{result['command']}`" in page
    for plot in ("time-against-length.svg", "ratio-against-peers.svg"):
        assert f"(performance/{plot})" in page
        assert (tmp_path / "performance" / plot).read_text(encoding="utf8").lstrip().startswith("<?xml")


def test_performance_page_is_the_same_from_the_same_results(folder, tmp_path):
    made = []
    for name in ("one.md", "two.md"):
        write_page(folder, tmp_path / name)
        made.append(
            [
                (tmp_path / name).read_bytes(),
                *(plot.read_bytes() for plot in sorted((tmp_path / name).with_suffix("").glob("*.svg"))),
            ]
        )
    assert made[0] == made[1]


def test_performance_page_needs_no_result_but_one(folder, tmp_path):
    (tmp_path / "growth.json").write_bytes((folder / "growth.json").read_bytes())
    assert write_page(tmp_path, tmp_path / "page.md").exit_code == 0
    page = (tmp_path / "page.md").read_text(encoding="utf8")
    assert "## Cost against length" in page
    assert "## Training" not in page


@pytest.mark.parametrize(("file", "complaint"), [(None, "No results in"), ("other.json", "No section is for other")])
def test_performance_page_says_what_is_missing(tmp_path, file, complaint):
    if file:
        (tmp_path / file).write_text("{}", encoding="utf8")
    result = write_page(tmp_path, tmp_path / "page.md")
    assert result.exit_code != 0
    assert complaint in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("name", SECTIONS)
def test_performance_script_names_the_command_of_each_section(name):
    command, _, subcommand = name.partition("-")
    line = f"python -m benchmarks.{command} {subcommand}".rstrip() + f" --json results/performance/{name}.json"
    if name == "precision":
        line = "python -m scripts.precision PIPELINE=DOCUMENTS … --json results/performance/precision.json"
    assert line in [line.strip() for line in performance.__doc__.splitlines()]


@pytest.mark.skipif(not (ROOT / "results" / "performance").is_dir(), reason="nothing was measured yet")
def test_performance_page_is_what_the_kept_results_give():
    page = performance.performance_page(performance.read_results(ROOT / "results" / "performance"))
    assert (ROOT / "docs" / "performance.md").read_text(encoding="utf8") == page
