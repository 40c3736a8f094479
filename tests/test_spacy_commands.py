"""spaCy's own commands, each that takes a config or a pipeline, over every shipped config and one for each task."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.cli._util import app
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_hat.pipeline.optimizer import HATOptimizer
from spacy_hat.training.config import TASKS, training_config
from tools.write_configs import CONFIGS, shipped_config

# Each has something of its own: a document head, and a span head on one encoder with a document head.
ALWAYS = ("hat_multitask", "textcat_multilabel")
EVERY = [*(f"hat_{name}" for name in CONFIGS), *TASKS]
NAMES = [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in EVERY]


def run(*arguments: Any, finds: bool = False) -> str:
    """Run a command of spaCy's, which may exit with a status only if it `finds` faults. RETURNS (str): Its output."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exit_code and not (finds and isinstance(result.exception, SystemExit)):
        raise AssertionError(f"{arguments}: {result.output}") from result.exception
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(scope="module")
def config(request: pytest.FixtureRequest, folder: Path) -> Path:
    """A config by its name."""
    name = request.param
    path = folder / f"{name}.cfg"
    shipped = name.removeprefix("hat_")
    path.write_text(training_config([name]) if name in TASKS else shipped_config(shipped), encoding="utf8")
    return path


@pytest.fixture(scope="module")
def settings(corpus: Path, hat_folder: Path) -> list[str]:
    """Of a short training."""
    paths = ["--paths.train", str(corpus), "--paths.dev", str(corpus), "--paths.hat", str(hat_folder)]
    return [*paths, "--training.max_steps", "2", "--training.eval_frequency", "1"]


@pytest.fixture(scope="module")
def trained(config: Path, settings: list[str], folder: Path) -> Path:
    """The pipeline that a config trains."""
    output = folder / config.stem
    run("train", config, "--output", output, *settings)
    return output / "model-best"


def head_of(config: Path) -> str:
    return load_config(config)["nlp"]["pipeline"][2]


@pytest.mark.parametrize("config", NAMES, indirect=True)
def test_command_takes_a_config(config: Path, settings: list[str], folder: Path) -> None:
    overrides = settings[: settings.index("--training.max_steps")]
    run("debug", "config", config, *settings)
    assert "Summary" in run("debug", "data", config, *settings, finds=True)  # that the corpus is small, for one
    run("debug", "diff-config", config)
    # Of heads, it asks for predictions without an encoder's output, which ours refuse.
    if "transformer" in load_config(config)["nlp"]["pipeline"]:
        run("debug", "model", config, "transformer", *settings)
    run("init", "fill-config", config, folder / "filled.cfg")
    run("init", "labels", config, folder / "labels" / config.stem, *overrides)


@pytest.mark.parametrize("config", NAMES, indirect=True)
def test_command_takes_a_pipeline(
    trained: Path, config: Path, corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)  # `debug profile` writes where it stands
    texts = folder / "texts.jsonl"
    texts.write_text(json.dumps({"text": "we read whole documents. costs follow."}) + "\n", encoding="utf8")
    run("evaluate", trained, corpus)
    run("benchmark", "accuracy", trained, corpus)
    run("benchmark", "speed", trained, corpus, "--batches", 30, "--warmup", 1)
    run("debug", "profile", trained, texts)
    run("apply", trained, texts, folder / "applied.spacy", "--force")
    run("info", trained)
    shutil.rmtree(folder / "packages", ignore_errors=True)
    (folder / "packages").mkdir()
    run("package", trained, folder / "packages", "--build", "none")
    card = next((folder / "packages").rglob("README.md")).read_text(encoding="utf8")
    assert "SENTS_F" not in card


@pytest.mark.parametrize("config", NAMES, indirect=True)
def test_command_assembles_what_was_trained(trained: Path, config: Path, settings: list[str], folder: Path) -> None:
    sourced = load_config(trained / "config.cfg")
    sourced["components"] = {name: {"source": str(trained)} for name in sourced["nlp"]["pipeline"]}
    sourced.to_disk(folder / "sourced.cfg")
    run("assemble", folder / "sourced.cfg", folder / "assembled" / config.stem, *settings[:6])
    nlp = spacy.load(folder / "assembled" / config.stem)
    text = "we read whole documents. costs follow."
    assert nlp(text).to_json() == spacy.load(trained)(text).to_json()


@pytest.mark.parametrize(
    ("config", "score"),
    [
        ("textcat_multilabel", "cats_macro_f"),
        pytest.param("hat_textcat_multilabel", "cats_macro_f", marks=pytest.mark.slow),
        pytest.param("spancat", "spans_sc_f", marks=pytest.mark.slow),
    ],
    indirect=["config"],
)
def test_command_finds_a_threshold(trained: Path, config: Path, score: str, corpus: Path) -> None:
    run("find-threshold", trained, corpus, head_of(config), "threshold", score, "--n_trials", 2)


@pytest.mark.parametrize("config", NAMES, indirect=True)
def test_trained_pipeline_goes_on(trained: Path, corpus: Path) -> None:
    nlp = spacy.load(trained)
    examples = list(Corpus(corpus)(nlp))
    assert isinstance(nlp.create_optimizer(), HATOptimizer)
    nlp.update(examples, annotates=["sentencizer"])
    assert nlp.resume_training().learn_rate == 0.0  # where a warm-up begins
    # spaCy's own trainable_lemmatizer cannot be initialized twice, on whatever encoder: it keeps the trees of before.
    if not nlp.has_pipe("trainable_lemmatizer"):
        nlp.initialize(lambda: examples)
        nlp.update(examples, annotates=["sentencizer"])


@pytest.mark.parametrize("config", ["hat_multitask"], indirect=True)
def test_trained_pipeline_of_before_goes_on(trained: Path, folder: Path, corpus: Path) -> None:
    old = shutil.copytree(trained, folder / "old")
    ours = (old / "config.cfg").read_text(encoding="utf8")
    (old / "config.cfg").write_text(ours.replace("spacy-hat.warmup_linear.v1", "warmup_linear.v1"), encoding="utf8")
    nlp = spacy.load(old)
    assert isinstance(nlp.create_optimizer(), HATOptimizer)
    nlp.update(list(Corpus(corpus)(nlp)), annotates=["sentencizer"])
    assert spacy.load(trained).from_bytes(nlp.to_bytes()).create_optimizer().learn_rate == 0.0


@pytest.mark.parametrize("config", ["hat_multitask"], indirect=True)
def test_trained_pipeline_says_only_what_was_measured(trained: Path, config: Path) -> None:
    performance = spacy.load(trained).meta["performance"]
    assert {"cats_score", "spans_sc_f"} <= performance.keys()
    assert [name for name in performance if name.startswith("sents_")] == []


@pytest.mark.slow
@pytest.mark.parametrize("config", ["hat_multitask"], indirect=True)
def test_commands_take_a_document_of_a_million_and_a_half_characters(
    config: Path, corpus: Path, settings: list[str], folder: Path
) -> None:
    vocab = spacy.blank("en").vocab
    docs = list(DocBin().from_disk(corpus).get_docs(vocab))
    text = "hello " * 250_000
    long = Doc(vocab, words=text.split(" ")[:-1])
    long.cats = docs[0].cats
    long.spans["sc"] = [Span(long, 0, len(long), label="long")]
    DocBin(docs=[long, *docs]).to_disk(folder / "long.spacy")
    (folder / "long.txt").write_text(text, encoding="utf8")
    paths = ["--paths.train", folder / "long.spacy", "--paths.dev", folder / "long.spacy", *settings[4:]]
    few_pieces = ["--components.transformer.model.overflow", "truncate"]
    run("debug", "data", config, *paths, finds=True)
    run("train", config, "--output", folder / "of_long", *paths, *few_pieces)
    run("evaluate", folder / "of_long" / "model-last", folder / "long.spacy")
    run("apply", folder / "of_long" / "model-last", folder / "long.txt", folder / "long_applied.spacy")
    (applied,) = DocBin().from_disk(folder / "long_applied.spacy").get_docs(vocab)
    assert len(applied.text) == len(text) == 1_500_000
    assert set(applied.cats) == set(long.cats)
