"""The benchmark of memory runs, and what it counts exactly comes out as it should."""

import json
import sys

import pytest
from typer.testing import CliRunner

from benchmarks import memory

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def benchmark(tmp_path):
    """RETURNS: A function from the name of a command to the results that it writes."""

    def run(command, *options):
        out = tmp_path / "results.json"
        arguments = [command, "--quick", "--out", str(out), *options]
        result = CliRunner().invoke(memory.app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(out.read_text(encoding="utf8"))

    return run


def test_memory_benchmark_streams_through_every_shipped_config(benchmark):
    found = benchmark("pipe")
    assert found.keys() == {*memory.SHIPPED}
    for curves in found.values():
        assert all(0 < curves["in use"][number] < mb for number, mb in curves["resident"].items())


def test_memory_benchmark_predicts_a_long_document_with_either_output(benchmark):
    found = benchmark("document")
    pieces, segments = (found[f"{output} 4000"] for output in ("pieces", "segments"))
    assert pieces["n_segments"] == segments["n_segments"]
    assert segments["output_mb"] < pieces["output_mb"] / 10


def test_memory_benchmark_predicts_a_long_document_without_windows(benchmark):
    found = benchmark("document", "--rotary")["segments 4000"]
    whole = memory.WORKING_WHOLE * 4000 * 32 * 4 + (memory.TOKENS + memory.PACKED["segments"]) * 4000
    reading = (memory.TOKENS + memory.READING) * 4000
    assert found["explained_mb"] == pytest.approx(max(whole / memory.MB + found["output_mb"], reading / memory.MB))


def test_memory_benchmark_draws_the_curves_of_an_evaluation(benchmark):
    curves = benchmark("evaluate")
    assert {name: len(curve) for name, curve in curves.items()} == dict.fromkeys(memory.EVALUATIONS, 48)


@pytest.mark.parametrize("n_pieces", [1000, 4000])
def test_memory_benchmark_explains_a_document_by_reading_or_by_encoding_it(tmp_path, n_pieces):
    hat = memory.save_tiny_hat(tmp_path)
    reading = (memory.TOKENS + memory.READING) * n_pieces / memory.MB
    nlp = memory.load_shipped("hat_textcat", hat)
    working = memory.WORKING * n_pieces * 32 * 4 / memory.MB  # max_batch_pieces is more than the document has
    encoding = 100.0 + (memory.TOKENS + memory.PACKED["segments"]) * n_pieces / memory.MB + working
    assert memory.explained_mb(nlp, n_pieces, output_mb=100.0) == pytest.approx(encoding)
    assert memory.explained_mb(nlp, n_pieces, output_mb=0.0) == pytest.approx(max(reading, encoding - 100.0))


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
