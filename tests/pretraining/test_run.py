"""A whole run: the same seed gives the same weights, wherever it was stopped and however many processes share it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy

from spacy_hat.machine.manifests import MixedRunsError
from spacy_hat.machine.places import PlaceError
from spacy_hat.modeling import HATForMaskedLM, load_tokenizer
from spacy_hat.pretraining.places import work_folder

from ..support.pretraining import run, save_corpus, save_hat, settings, weights
from ..support.project import ROOT

pytest.importorskip("accelerate")
pytestmark = pytest.mark.slow
EVERYTHING = {"weights": {"mlm": 1.0, "segments": 1.0, "choice": 0.5}}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """RETURNS (Path): A folder with a HAT, a corpus, and what a run of ten steps makes of them."""
    folder = tmp_path_factory.mktemp("pretraining")
    run(save_hat(folder), save_corpus(folder), folder / "out", settings(**EVERYTHING))
    return folder


def run_again(made, output, **given):
    return run(made / "hat", made / "texts.jsonl", output, settings(**{**EVERYTHING, **given}))


def assert_same(one: Path, other: Path, tolerance: float = 0.0):
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, rtol=0, atol=tolerance, err_msg=name)


def stopped_at(step):
    """RETURNS (Callable): What is called with logs, and stops the run at a step."""

    def stop(log):
        if log["step"] >= step:
            raise KeyboardInterrupt

    return stop


def test_run_with_the_same_seed_gives_the_same_weights(made, tmp_path):
    run_again(made, tmp_path / "out")
    assert_same(made / "out", tmp_path / "out")


def test_run_with_another_seed_gives_others(made, tmp_path):
    run_again(made, tmp_path / "out", seed=1)
    with pytest.raises(AssertionError):
        assert_same(made / "out", tmp_path / "out")


def test_run_teaches_the_encoder_and_logs_the_gauge(made):
    before, after = weights(made / "hat"), weights(made / "out")
    changed = [name for name in before if not np.array_equal(before[name], after[f"hi_transformer.{name}"])]
    assert {name.split(".")[0] for name in changed} == {"embeddings", "encoder"}
    logs = [json.loads(line) for line in (made / "out" / "pretraining.jsonl").read_text().splitlines()]
    measured = [log for log in logs if "gauge" in log]
    assert [log["step"] for log in measured] == [0, 5, 10]
    assert all(log.keys() >= {"hidden_choice", "hidden_choice_off", "right_choice"} for log in measured)
    assert (made / "out" / "pretraining.png").stat().st_size > 1000
    assert not work_folder(made / "out").exists()


def test_run_gives_a_hat_for_pipelines(made):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat", config={"model": {"name": str(made / "out")}})
    nlp.initialize()
    assert nlp("The court held. Costs follow.")._.trf_data.tensors
    assert HATForMaskedLM.from_pretrained(made / "out").lm_head is not None
    assert load_tokenizer(made / "out").mask_token_id is not None
    card = (made / "out" / "README.md").read_text(encoding="utf8")
    assert "# hat, pretrained further" in card
    assert "| gauge |" in card


def test_run_that_was_stopped_goes_on_to_the_same_weights(made, tmp_path):
    for step in (5, 10):
        with pytest.raises(KeyboardInterrupt):
            run(
                made / "hat",
                made / "texts.jsonl",
                tmp_path / "out",
                settings(**EVERYTHING),
                on_log=stopped_at(step),
            )
        assert not (tmp_path / "out").exists()
    report = run_again(made, tmp_path / "out")
    assert report.began_at == 8
    assert [log["step"] for log in report.logs if "gauge" in log] == [0, 5, 10]
    assert_same(made / "out", tmp_path / "out")


@pytest.mark.parametrize("file", ["trainer_state.json", "optimizer.pt"])
def test_run_goes_on_from_the_last_checkpoint_that_is_whole(file, made, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(made / "hat", made / "texts.jsonl", tmp_path / "out", settings(**EVERYTHING), on_log=stopped_at(10))
    (work_folder(tmp_path / "out") / "checkpoint-8" / file).unlink()
    assert run_again(made, tmp_path / "out").began_at == 4
    assert_same(made / "out", tmp_path / "out")


def test_run_that_has_all_its_steps_only_writes_the_result(made, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("spacy_hat.pretraining.run.save_result", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_again(made, tmp_path / "out")
    assert run_again(made, tmp_path / "out").began_at == 10
    assert_same(made / "out", tmp_path / "out")


def test_run_that_is_finished_is_not_done_again(made):
    modified = (made / "out" / "model.safetensors").stat().st_mtime_ns
    assert run_again(made, made / "out").was_finished
    assert (made / "out" / "model.safetensors").stat().st_mtime_ns == modified


def test_run_overwrites_no_other_result_but_by_force(made, tmp_path):
    run_again(made, tmp_path / "out", max_steps=2)
    with pytest.raises(PlaceError, match="--force"):
        run_again(made, tmp_path / "out", max_steps=3)
    given = settings(**{**EVERYTHING, "max_steps": 3})
    run(made / "hat", made / "texts.jsonl", tmp_path / "out", given, force=True)
    assert json.loads((tmp_path / "out" / "pretraining.json").read_text())["max_steps"] == 3


def test_run_does_not_go_on_with_other_settings(made, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(made / "hat", made / "texts.jsonl", tmp_path / "out", settings(**EVERYTHING), on_log=stopped_at(5))
    with pytest.raises(MixedRunsError, match=r"Got: seed 0, now 1. Expected: the same.*--force"):
        run_again(made, tmp_path / "out", seed=1)


def test_run_trains_cross_segment_blocks_alone_at_first(made, tmp_path):
    run_again(made, tmp_path / "out", max_steps=3, cross_segment_first=3)
    before, after = weights(made / "hat"), weights(tmp_path / "out")
    changed = {name for name in before if not np.array_equal(before[name], after[f"hi_transformer.{name}"])}
    assert changed
    assert all("document_encoder" in name or "position_embeddings" in name for name in changed)


def test_run_in_mixed_precision_keeps_weights_whole(made, tmp_path):
    run_again(made, tmp_path / "out", max_steps=2, precision="bfloat16")
    assert {values.dtype for values in weights(tmp_path / "out").values()} == {np.dtype("float32")}
    with pytest.raises(AssertionError):
        assert_same(made / "out", tmp_path / "out")


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.support.pretraining import run, settings

def kill(log):
    if log["step"] == 5:
        os.kill(os.getpid(), signal.SIGKILL)

folder, output = map(Path, sys.argv[1:])
given = settings(weights={"mlm": 1.0, "segments": 1.0, "choice": 0.5})
run(folder / "hat", folder / "texts.jsonl", output, given, on_log=kill)
"""


def test_run_that_was_killed_goes_on_to_the_same_weights(made, tmp_path):
    killed = subprocess.run([sys.executable, "-c", KILLED, made, tmp_path / "out"], cwd=ROOT, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert run_again(made, tmp_path / "out").began_at == 4
    assert_same(made / "out", tmp_path / "out")


def test_two_processes_are_one_that_collects_batches(made, tmp_path):
    given = settings(**EVERYTHING, max_steps=20, batches_per_step=2)
    run(made / "hat", made / "texts.jsonl", tmp_path / "of-1", given)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    command = ["spacy", "hat", "pretrain", made / "hat", made / "texts.jsonl", tmp_path / "of-2"]
    options = ["--objective", "mlm,segments,choice=0.5", "--max-steps", "20", "--batch-pieces", "120"]
    options += ["--warmup", "2", "--held-out", "200", "--log-every", "5", "--cpu"]
    done = subprocess.run(
        [sys.executable, *launch, *command, *options],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert_same(tmp_path / "of-1", tmp_path / "of-2", tolerance=1e-5)
    manifests = [json.loads((tmp_path / name / "pretraining.json").read_text()) for name in ("of-1", "of-2")]
    gauges = [manifest["figures"]["last"]["gauge"] for manifest in manifests]
    assert gauges[0] == pytest.approx(gauges[1], abs=1e-4)
