"""`python -m spacy hat warm-start`: what it writes, what it will not overwrite, and what is there when it is killed."""

import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from spacy_hat.cli import app
from spacy_hat.modeling import HATModel

from ..modeling.sources import Source

OPTIONS = ["--layout", "S|SD", "--segment-length", "16", "--max-segments", "6"]
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


def run(*arguments):
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", "warm-start", *map(str, arguments), *OPTIONS])
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
        (tmp_path / "hat" / "config.json").write_text("{}")
    status, _ = run(source.folder, tmp_path / "hat", "--force")
    assert status == 0
    assert HATModel.from_pretrained(tmp_path / "hat")


def test_warm_start_command_killed_half_way_leaves_the_old_hat(source, tmp_path):
    old = tmp_path / "hat"
    old.mkdir()
    (old / "config.json").write_text("{}")
    before = files(old)
    command = [sys.executable, "-c", KILLED, str(source.folder), str(old), "--force", *OPTIONS]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert files(old) == before
    status, _ = run(source.folder, old, "--force")
    assert status == 0
    assert HATModel.from_pretrained(old)
    assert [path.name for path in tmp_path.iterdir()] == ["hat"]
