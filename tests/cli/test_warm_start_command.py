"""`python -m spacy hat warm-start`: what it writes, what it will not overwrite, and what is there when it is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from spacy_hat.choices import PUBLISHED_LAYOUTS
from spacy_hat.cli import app
from spacy_hat.modeling import HATModel

from ..support.pipelines import OUTCOMES, encoder_of, initialize, make_nlp, make_text, train
from ..support.sources import Source

OPTIONS = ["--layout", "S|SD", "--segment-length", "16", "--max-segments", "6"]
SMALL = ["--hidden-size", "32", "--intermediate-size", "48", "--vocab-size", "300"]
# Dies when the weights are written and the tokenizer is not.
KILLED = """
import os, signal, sys
from transformers import PreTrainedTokenizerBase
from spacy_hat.cli import app
PreTrainedTokenizerBase.save_pretrained = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
app(["hat", "warm-start", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return Source("bert", tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for number in range(4):
        (folder / f"{number}.txt").write_text(make_text(number))
    return folder


def run(*arguments, name="warm-start"):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", name, *map(str, arguments), *OPTIONS])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_warm_start_command_writes_a_hat_and_nothing_beside(source, tmp_path):
    status, output = run(source.folder, tmp_path / "models" / "hat")
    assert status == 0
    assert "Saved a HAT with layout S|SD" in output
    assert HATModel.from_pretrained(tmp_path / "models" / "hat").config.layout == "S|SD"
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["hat"]


@pytest.mark.parametrize("there", ["checkpoint", "empty folder"])
def test_warm_start_command_replaces_what_is_there_if_asked(source, tmp_path, there):
    (tmp_path / "hat").mkdir()
    if there == "checkpoint":
        run(source.folder, tmp_path / "hat")
    status, _ = run(source.folder, tmp_path / "hat", "--force")
    assert status == 0
    assert HATModel.from_pretrained(tmp_path / "hat")


@pytest.mark.slow
def test_warm_start_command_killed_half_way_leaves_the_old_hat(source, tmp_path):
    old = tmp_path / "hat"
    run(source.folder, old)
    before = files(old)
    command = [sys.executable, "-c", KILLED, str(source.folder), str(old), "--force", *OPTIONS]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert files(old) == before
    status, _ = run(source.folder, old, "--force")
    assert status == 0
    assert HATModel.from_pretrained(old)
    assert [path.name for path in tmp_path.iterdir()] == ["hat"]


def test_warm_start_command_says_where_everything_comes_from(source, tmp_path):
    _, output = run(source.folder, tmp_path / "hat")
    assert "encoder.layer.1.document_encoder encoder.layer.1" in output
    assert "encoder.layer.1.document_encoder: output projections zero" in output
    assert "encoder.layer.2 pooler" in output.partition("Not taken from the source:")[2]


def test_warm_start_command_writes_a_model_card(source, tmp_path):
    run(source.folder, tmp_path / "hat")
    card = (tmp_path / "hat" / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: spacy-hat\n")
    assert "| layout | `S\\|SD` |" in card
    assert str(tmp_path) not in card


def test_warm_start_help_names_every_published_layout():
    output = CliRunner().invoke(app, ["hat", "warm-start", "--help"]).output
    assert all(name in output for name in PUBLISHED_LAYOUTS if "-" not in name)  # those with hyphens are broken at them


def test_page_on_checkpoints_has_the_layouts_by_name():
    page = (Path(__file__).parent.parent.parent / "docs" / "checkpoints.md").read_text(encoding="utf8")
    for name, layout in PUBLISHED_LAYOUTS.items():
        assert f"| `{name}` |" in page
        if "-" not in name:
            assert f"| `{name}` | <code>{layout}</code> |" in page.replace("&#124;", "|")


@pytest.mark.parametrize(
    ("option", "value", "setting", "expected"),
    [
        ("--hidden-size", 48, "hidden_size", 48),
        ("--heads", 2, "num_attention_heads", 2),
        ("--intermediate-size", 40, "intermediate_size", 40),
        ("--vocab-size", 280, "vocab_size", 280),
    ],
)
def test_from_scratch_command_takes_sizes(corpus, tmp_path, option, value, setting, expected):
    status, output = run(corpus, tmp_path / "hat", *SMALL, option, value, name="from-scratch")
    assert status == 0, output
    assert getattr(HATModel.from_pretrained(tmp_path / "hat").config, setting) == expected


def test_from_scratch_command_writes_the_same_hat_for_the_same_seed(corpus, tmp_path):
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        status, _ = run(corpus, tmp_path / name, *SMALL, "--seed", seed, name="from-scratch")
        assert status == 0
    first, again, other = (files(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert first["model.safetensors"] != other["model.safetensors"]
    assert first["tokenizer.json"] == other["tokenizer.json"]


def test_hat_from_scratch_trains_in_a_pipeline(corpus, tmp_path):
    run(corpus, tmp_path / "hat", *SMALL, name="from-scratch")
    nlp = make_nlp(tmp_path / "hat", "textcat")
    examples = initialize(nlp)
    before = {name: weight.clone() for name, weight in encoder_of(nlp).state_dict().items()}
    assert train(nlp, examples, 2)[1]["textcat"] < 1
    after = encoder_of(nlp).state_dict()
    for part in ("word_embeddings", "layer.0.sentence_encoder", "layer.1.document_encoder"):
        assert not all(torch.equal(before[name], after[name]) for name in before if part in name), part
    assert set(nlp(OUTCOMES[0]).cats) == {"DISMISSED", "ALLOWED"}


def test_warm_start_from_scratch_is_still_taken_and_names_its_command(corpus, tmp_path):
    status, output = run(corpus, tmp_path / "hidden", *SMALL, "--from-scratch")
    assert status == 0
    assert "a command of its own now: python -m spacy hat from-scratch" in output
    run(corpus, tmp_path / "named", *SMALL, name="from-scratch")
    assert files(tmp_path / "hidden")["model.safetensors"] == files(tmp_path / "named")["model.safetensors"]
