"""What the name of a checkpoint means. A path that leads nowhere is never looked up on the hub."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spacy_hat.modeling import HATModel, load_tokenizer, warm_start
from spacy_hat.modeling.files import disk
from spacy_hat.modeling.files.allowed import HUB_NAMES
from spacy_hat.modeling.files.names import folder_of, is_path
from spacy_hat.modeling.files.problems import RefusedError

PATHS = ["./hat", "../hat", "/models/hat", "~/hat", "models/legal/hat", "models\\hat", "C:\\hat", "my-hat", "hat/", "~"]
PATHS += ["models/hat\n", "models/ hat", "$HOME/hat", "models/hät", "models/hat?x"]
HUB = ["owner/model", "kiddothe2b/hierarchical-transformer-base-4096", "bert-base-uncased", "xlm-roberta-base"]


@pytest.fixture
def no_hub(monkeypatch):
    monkeypatch.setattr(disk, "hf_hub_download", lambda *_, **__: pytest.fail("was looked up on the hub"))


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    "reader", [HATModel.from_pretrained, load_tokenizer, lambda name: warm_start(name, layout="S")]
)
def test_names_that_are_paths_to_nothing_are_errors_at_once(name, reader, no_hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError, match=r"(?s)is not a folder here.*Nothing was looked up.*owner/model"):
        reader(name)


@pytest.mark.parametrize("name", HUB)
def test_names_of_the_hub_are_left_to_it(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert folder_of(name) is None


def test_names_that_begin_with_a_folder_of_this_place_are_paths(tmp_path, monkeypatch, no_hub):
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    with pytest.raises(RefusedError, match=r"'models/haat' is not a folder here.*models is there"):
        HATModel.from_pretrained("models/haat")


def test_names_given_as_paths_are_paths(no_hub):
    assert is_path(Path("owner/model"))
    with pytest.raises(RefusedError, match="is not a folder here"):
        HATModel.from_pretrained(Path("owner/model"))


@pytest.mark.parametrize("name", ["", " ", "a\0b", "x" * 5000, "x/" * 3000])
def test_names_that_no_system_has_are_errors(name, no_hub):
    with pytest.raises(RefusedError):
        HATModel.from_pretrained(name)


def test_names_without_an_owner_are_those_of_a_closed_list():
    assert {name for name in HUB_NAMES if "/" in name} == set()
    assert is_path("bert-base-uncaesd")


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_names_are_not_waited_for_where_the_user_is_offline(variable, monkeypatch, tmp_path):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv(variable, "1")
    asked = []

    def download(*arguments, **options):
        asked.append(options)
        raise OSError("not in the cache")

    monkeypatch.setattr(disk, "hf_hub_download", download)
    with pytest.raises(RefusedError, match="cannot be fetched from the hub"):
        HATModel.from_pretrained("owner/model")
    assert asked == [{"local_files_only": True}]


# A mistyped path in a fresh process that may not open a connection, and is not offline by its environment.
MISTYPED = """
import socket, sys
def refuse(*arguments, **options):
    raise SystemExit("a connection was tried")
socket.create_connection = socket.getaddrinfo = refuse
import spacy, spacy_hat.modeling
nlp = spacy.blank("en")
nlp.add_pipe("hat", config={"model": {"name": sys.argv[1]}})
try:
    nlp.initialize()
except ValueError as error:
    assert "is not a folder here" in str(error), error
else:
    raise SystemExit("no error")
"""


def test_names_mistyped_in_a_pipeline_never_reach_the_network(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    command = [sys.executable, "-c", MISTYPED, str(tmp_path / "haat")]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[3])
    assert result.returncode == 0, result.stderr
