"""The benchmark of a GPU: what fails or has no time is named, and the page says so."""

import json

import pytest
import torch
from typer.testing import CliRunner

from benchmarks import gpu, gpu_works
from benchmarks.gpu_encoders import Setting, padded_batches, sentences, sorted_batches
from tools import performance
from tools.gpu_section import gpu_section


def no_memory():
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB.\nMore of it.")


def builds(_encoders, precision):
    return {
        ("full, 10 pieces", "HAT", precision): lambda: list,
        ("full, 10 pieces", "Peer", precision): no_memory,
        ("full, 10 pieces", "Breaks later", precision): lambda: iter([1, 2]).__next__,
    }


def run(monkeypatch, out, *arguments):
    monkeypatch.setattr(gpu_works, "predict_builds", builds)
    asked = ["--quick", "--device", "cpu", "--parts", "predict", "--json", str(out), *arguments]
    result = CliRunner().invoke(gpu.app, asked)
    assert result.exit_code == 0, result.output
    return json.loads(out.read_text(encoding="utf8"))


def test_gpu_benchmark_names_what_fails_and_goes_on(tmp_path, monkeypatch):
    found = run(monkeypatch, tmp_path / "gpu.json")
    assert [(row["by"], row["precision"]) for row in found["runs"]] == [("HAT", "bfloat16"), ("HAT", "float32")]
    errors = {(row["by"], row["precision"]): row["error"] for row in found["failed"]}
    assert errors["Peer", "bfloat16"] == "OutOfMemoryError: CUDA out of memory. Tried to allocate 1 GiB."
    assert errors["Breaks later", "float32"].startswith("StopIteration")
    page = "\n".join(gpu_section(found))
    assert "Peer, bfloat16 failed: `OutOfMemoryError: CUDA out of memory." in page


def test_gpu_benchmark_names_what_there_is_no_time_for(tmp_path, monkeypatch):
    found = run(monkeypatch, tmp_path / "gpu.json", "--limit", "0")
    assert not found["runs"]
    assert "predict, full, 10 pieces, HAT, bfloat16: the 0 seconds of --limit were over" in found["left_out"]


@pytest.mark.parametrize("arguments", [["--parts", "predict,speed"], []], ids=["unknown part", "no GPU"])
def test_gpu_benchmark_refuses_what_it_cannot_do(monkeypatch, arguments):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert CliRunner().invoke(gpu.app, ["--quick", *arguments]).exit_code == 2


def test_page_says_nothing_of_a_gpu_that_was_not_measured():
    assert "GPU" not in performance.performance_page({})


def test_batches_hold_every_piece_and_sorted_ones_less_padding():
    setting = Setting.of("cpu", quick=True)
    inputs = sentences(setting, 32)
    as_they_come, in_order = padded_batches(inputs, setting, 8), sorted_batches(inputs, setting, 8)
    for batches in (as_they_come, in_order):
        assert sum(int(batch.mask.sum()) for batch in batches) == len(inputs.piece_ids)
    assert sum(batch.ids.numel() for batch in in_order) < sum(batch.ids.numel() for batch in as_they_come)
