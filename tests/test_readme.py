"""The README's blocks run, word for word, in a folder that holds what they name. The two set-up commands run in CI."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from transformers import BertConfig, BertModel

from .support.project import README, README_BLOCKS, ROOT
from .support.tokenizers_tiny import wordpiece_tokenizer

PYTHON = [block for _, language, block in README_BLOCKS if language == "python"]
SHELL = [block for comment, language, block in README_BLOCKS if language == "bash" and not comment]
SET_UP = [block for comment, language, block in README_BLOCKS if language == "bash" and comment]


def test_readme_has_two_set_up_commands() -> None:
    assert len(SET_UP) == 2
    assert all(len(block.strip().splitlines()) == 1 for block in SET_UP)


@pytest.mark.slow
def test_readme_application_runs(workplace: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overrides = {"paths.train": str(corpus), "paths.dev": str(corpus), "training.max_steps": 2}
    for task in ("textcat", "spancat"):
        train(workplace / "configs" / f"hat_{task}.cfg", workplace / "training" / task, overrides=overrides)
    capsys.readouterr()
    exec(PYTHON[0], {})
    assert len(capsys.readouterr().out.splitlines()) == 2 + 3


def test_readme_has_no_other_python() -> None:
    assert len(PYTHON) == 1


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 100


def test_readme_links_lead_to_files() -> None:
    links = [*re.findall(r"\]\(([^)#]+)", README), *re.findall(r'src="([^"]+)"', README)]
    local = [link for link in links if "://" not in link]
    assert local
    assert [link for link in local if not (ROOT / link).is_file()] == []


@pytest.mark.slow
def test_readme_own_data_runs(workplace: Path, corpus: Path) -> None:
    tokenizer = wordpiece_tokenizer()
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16, "num_hidden_layers": 12}
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(workplace / "bert-base-uncased")
    tokenizer.save_pretrained(workplace / "bert-base-uncased")
    for part in ("train.spacy", "dev.spacy"):
        shutil.copy(corpus, workplace / part)
    (block,) = SHELL
    for line in block.strip().splitlines():
        command = [sys.executable if word == "python" else word for word in shlex.split(line)]
        if "train" in command:
            command += ["--training.max_steps", "2"]
        subprocess.run(command, check=True)
    assert spacy.load(workplace / "training" / "mine" / "model-last").pipe_names[1] == "transformer"
