"""Commands with `--gpu-id 0`: every shipped config is trained, calibrated and run there, and comes back to the CPU.

Each in a process of its own: which device spaCy uses is global.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import spacy

from .support.configs import TEXTS
from .support.pipelines import has_gpu
from .support.project import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))
STEPS = ["--training.max_steps", "4", "--training.eval_frequency", "2"]
pytestmark = [pytest.mark.gpu, has_gpu]


def run(*arguments: object) -> str:
    """RETURNS (str): What `python -m spacy` printed. The command has to succeed."""
    command = [sys.executable, "-m", "spacy", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def trained_on_gpu(config: Path, corpus: Path, hat: Path, output: Path) -> Path:
    """RETURNS (Path): The pipeline that a config makes of a small corpus, on the GPU."""
    paths = ["--paths.train", corpus, "--paths.dev", corpus, "--paths.hat", hat]
    run("train", config, "--output", output, "--gpu-id", 0, *paths, *STEPS)
    return output / "model-last"


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_config_trains_on_a_gpu_and_its_pipeline_comes_back(config, corpus, hat_folder, tmp_path):
    nlp = spacy.load(trained_on_gpu(config, corpus, hat_folder, tmp_path))
    doc = nlp.make_doc(TEXTS["a"])
    doc._.questions, doc._.options = ["what?"], list(TEXTS)
    doc = nlp(doc)
    if "spancat_singlelabel" in nlp.pipe_names:
        assert [(span.start, span.end) for span in doc.spans["sc"]] == [(sent.start, sent.end) for sent in doc.sents]
    if "textcat" in nlp.pipe_names:
        assert set(doc.cats) == set(TEXTS)


@pytest.mark.parametrize("name", ["hat_spancat", "hat_textcat"])
def test_calibrate_and_annotate_on_a_gpu_say_what_they_say_on_the_cpu(name, corpus, hat_folder, tmp_path):
    trained = trained_on_gpu(ROOT / "configs" / f"{name}.cfg", corpus, hat_folder, tmp_path / "trained")
    run("hat", "calibrate", trained, corpus, tmp_path / "calibrated", "--train", corpus, "--gpu-id", 0)
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS.values()), encoding="utf8")
    rows = {}
    for gpu_id in (-1, 0):
        output = tmp_path / f"answers{gpu_id}"
        run("hat", "annotate", tmp_path / "calibrated", texts, output, "--format", "jsonl", "--gpu-id", gpu_id)
        lines = [line for path in sorted(output.glob("*.jsonl")) for line in path.read_text("utf8").splitlines()]
        rows[gpu_id] = [json.loads(line) for line in lines]
    assert len(rows[0]) == len(TEXTS)
    for on_gpu, on_cpu in zip(rows[0], rows[-1], strict=True):
        assert (on_gpu.get("cats") or {}) == pytest.approx(on_cpu.get("cats") or {}, abs=0.05)
        assert len(on_gpu.get("spans") or []) == len(on_cpu.get("spans") or [])


def test_pretrain_on_a_gpu(tmp_path):
    pytest.importorskip("accelerate")
    from .support.pretraining import save_corpus, save_hat

    options = ["--max-steps", 4, "--batch-pieces", 100, "--objective", "segments,choice=0.5"]
    run("hat", "pretrain", save_hat(tmp_path), save_corpus(tmp_path), tmp_path / "out", *options)
    assert (tmp_path / "out" / "model.safetensors").exists()
