"""The road of docs/scale.md for encoders that outgrow a device, word for word, with two processes on this machine."""

import os
import shlex
import subprocess
import sys

import pytest
import spacy
from typer.testing import CliRunner

from spacy_hat.cli import app

from ..support.annotations import save_lines
from ..support.page_blocks import block_of
from ..support.pipelines import make_text, save_hat
from ..support.project import ROOT

PAGE = ROOT / "docs" / "scale.md"
SCRIPTS = {"finetune.py": "HATForSequenceClassification"}
STEPS = 3
COMMANDS = block_of(PAGE, "bash", "torchrun").splitlines()


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """RETURNS (Path): The current folder, with the scripts, the texts, and a tiny encoder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "hat").mkdir(parents=True)
    save_hat(tmp_path / "models" / "hat")
    for name, words in SCRIPTS.items():
        (tmp_path / name).write_text(block_of(PAGE, "python", words), encoding="utf8")
    rows = [{"text": make_text(n), "label": ("dismissed", "allowed")[n % 2]} for n in range(8)]
    save_lines(tmp_path / "train.jsonl", rows)
    save_lines(tmp_path / "corpus.jsonl", [{"text": " ".join(make_text(n) for n in range(20))}, *rows])
    return tmp_path


def run(command, folder):
    words = shlex.split(command.replace("--max-steps 1000", f"--max-steps {STEPS}"))
    if words[:3] == ["python", "-m", "spacy"]:
        result = CliRunner().invoke(app, words[3:])
        assert result.exit_code == 0, result.output
        return result.output
    assert words[0] == "torchrun"
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    launch = [sys.executable, "-m", "torch.distributed.run", *words[1:]]
    result = subprocess.run(launch, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout + result.stderr


@pytest.mark.slow
def test_trainer_trains_with_two_processes_and_the_result_becomes_a_pipeline(workplace):
    pytest.importorskip("accelerate")
    said = [run(command, workplace) for command in COMMANDS]
    # One of the two tells of the training of both.
    assert [one.count(words) for one, words in zip(said, ("Saved a HAT", "'train_runtime'"), strict=False)] == [1, 1]
    nlp = spacy.load(workplace / "training" / "pipeline")
    doc = nlp(make_text(0))
    assert set(doc.cats) == {"dismissed", "allowed"}
    assert sum(doc.cats.values()) == pytest.approx(1.0, abs=1e-4)


def test_scale_page_has_two_processes():
    assert [command.split()[:3] for command in COMMANDS[:2]] == [["torchrun", "--nproc-per-node", "2"]] * 2
    assert COMMANDS[2].startswith("python -m spacy hat import")
