"""Beside spacy-loggers, which spaCy brings: its loggers see a training as they see any other."""

import json

import pytest
from mlflow import MlflowClient

import spacy_hat

from ..support.pipelines import make_text

TEXTS = [make_text(number) for number in range(10)]
KINDS = ["allowed" if number % 2 else "dismissed" for number in range(10)]


@pytest.mark.parametrize(
    "logger",
    [
        {"@loggers": "spacy.ConsoleLogger.v3", "progress_bar": None, "console_output": True},
        {
            "@loggers": "spacy.ChainLogger.v1",
            "logger1": {"@loggers": "spacy.ConsoleLogger.v1"},
            "logger2": {"@loggers": "spacy.LookupLogger.v1", "patterns": ["loss.*", "score"]},
        },
    ],
    ids=["ConsoleLogger.v3", "ChainLogger of LookupLogger"],
)
def test_training_is_logged(hat_folder, capfd, logger):
    steps = {"training.max_steps": 2, "training.eval_frequency": 1}
    spacy_hat.fit(TEXTS, KINDS, hat=hat_folder, overrides={**steps, "training.logger": logger})
    assert "CATS_SCORE" in capfd.readouterr().out


def test_training_is_logged_to_a_file(hat_folder, tmp_path):
    logger = {"@loggers": "spacy.ConsoleLogger.v3", "output_file": str(tmp_path / "log.jsonl"), "console_output": False}
    steps = {"training.max_steps": 2, "training.eval_frequency": 1, "training.logger": logger}
    spacy_hat.fit(TEXTS, KINDS, hat=hat_folder, overrides=steps, silent=True)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf8").splitlines()]
    assert {"losses", "scores"} <= set(lines[-1])
    assert {"transformer", "textcat"} <= set(lines[-1]["losses"])


@pytest.mark.slow
def test_training_is_logged_to_mlflows_file_store(hat_folder, tmp_path, monkeypatch):
    store = tmp_path / "mlruns"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    logger = {"@loggers": "spacy.MLflowLogger.v2", "run_name": "tiny", "tags": {"task": "textcat"}}
    steps = {"training.max_steps": 2, "training.eval_frequency": 1, "training.logger": logger}
    spacy_hat.fit(TEXTS, KINDS, hat=hat_folder, overrides=steps, silent=True)
    (run,) = MlflowClient(store.as_uri()).search_runs(["0"])
    assert {"score", "loss_transformer", "loss_textcat", "cats_macro_f"} <= run.data.metrics.keys()
    assert run.data.params["components.transformer.model.packing"] == "greedy"
    assert (run.data.tags["task"], run.info.status) == ("textcat", "FINISHED")
