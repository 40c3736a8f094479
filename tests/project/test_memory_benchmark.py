"""The benchmark of memory runs, and what it counts exactly comes out as it should."""

import json
import sys

import memory
import pytest
from typer.testing import CliRunner

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def benchmark(tmp_path):
    """RETURNS: A function from the name of a command to the results that it writes."""

    def run(command):
        out = tmp_path / "results.json"
        result = CliRunner().invoke(memory.app, [command, "--quick", "--out", str(out)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(out.read_text(encoding="utf8"))

    return run


def test_memory_benchmark_streams_through_every_shipped_config(benchmark):
    found = benchmark("pipe")
    assert found.keys() == {path.stem for path in memory.CONFIGS.glob("*.cfg")}
    for curves in found.values():
        assert all(0 < curves["in use"][number] < mb for number, mb in curves["resident"].items())


def test_memory_benchmark_predicts_a_long_document_with_either_output(benchmark):
    found = benchmark("document")
    pieces, segments = (found[f"{output} 4000"] for output in ("pieces", "segments"))
    assert pieces["n_segments"] == segments["n_segments"]
    assert segments["output_mb"] < pieces["output_mb"] / 10


def test_memory_benchmark_draws_the_curves_of_an_evaluation(benchmark):
    assert {name: len(curve) for name, curve in benchmark("evaluate").items()} == {
        "without doc_cleaner": 48,
        "with doc_cleaner, as shipped": 48,
    }


def test_memory_benchmark_counts_what_training_keeps(benchmark):
    everything, *found = benchmark("training")
    assert everything["n_bytes"] > 0
    for kept in found:
        # Besides the blocks, the embeddings and the layer norms after them keep something.
        assert kept["n_bytes"] == pytest.approx(kept["expected_bytes"], abs=0.03 * everything["n_bytes"])
        assert kept["difference"] < 1e-5


def test_memory_benchmark_wants_an_encoder():
    result = CliRunner().invoke(memory.app, ["training"])
    assert result.exit_code != 0
    assert "models/hat-minilm" in result.output
