"""Nothing foreign is run and nothing is fetched: no code of checkpoints, no network but to initialize by a hub name."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spacy_hat.modeling import HATForSequenceClassification, HATModel, load_tokenizer, warm_start

from .support.pipelines import initialize, make_nlp, save_hat, train
from .support.project import ROOT
from .support.sources import Source

REFUSED = "is refused, and nothing that it holds was run"


class Payload:
    """Writes a file when it is unpickled, or else shows that it was not."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def save_zip(content, path):
    torch.save(content, path)


def save_legacy(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def save_plain(content, path):
    path.write_bytes(pickle.dumps(content))


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "the payload ran"


@pytest.fixture
def hat(tmp_path):
    (tmp_path / "hat").mkdir()
    return save_hat(tmp_path / "hat")


@pytest.fixture
def bert(tmp_path):
    (tmp_path / "bert").mkdir()
    return Source("bert", tmp_path / "bert").folder


def infect(folder, trace, save):
    (folder / "model.safetensors").unlink()
    save({"embeddings.word_embeddings.weight": torch.zeros(2), "payload": Payload(trace)}, folder / "pytorch_model.bin")


def test_payload_would_run_if_it_were_read(trace):
    pickle.loads(pickle.dumps(Payload(trace)))
    assert trace.exists()


@pytest.mark.parametrize("save", [save_zip, save_legacy, save_plain])
@pytest.mark.parametrize("cls", [HATModel, HATForSequenceClassification])
def test_checkpoint_that_carries_code_is_refused_unread(hat, trace, save, cls):
    infect(hat, trace, save)
    with pytest.raises(ValueError, match=REFUSED):
        cls.from_pretrained(hat)
    assert not trace.exists()


@pytest.mark.parametrize("save", [save_zip, save_legacy, save_plain])
def test_source_that_carries_code_is_refused_unread(bert, trace, save):
    infect(bert, trace, save)
    with pytest.raises(ValueError, match=REFUSED):
        warm_start(bert, layout="S", segment_length=16, max_segments=6)
    assert not trace.exists()


def point_to_code(folder, trace, file, **entries):
    """Let one of a checkpoint's files point to Python code beside it, as repositories of the hub do."""
    (folder / "own.py").write_text(f"open({str(trace)!r}, 'w')\n")
    classes = {name: f"own.{name}" for name in ("AutoConfig", "AutoModel", "AutoModelForMaskedLM")}
    auto_map = {**classes, "AutoTokenizer": ["own.Slow", "own.Fast"]}
    values = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**values, "auto_map": auto_map, **entries}))


@pytest.mark.parametrize("answer", ["y", "n"])
def test_code_that_a_source_points_to_is_not_even_offered(bert, trace, monkeypatch, answer):
    asked = []
    monkeypatch.setattr("builtins.input", lambda *question: asked.append(question) or answer)
    point_to_code(bert, trace, "config.json", model_type="own")
    with pytest.raises(ValueError, match="cannot start from a model of type 'own'"):
        warm_start(bert, layout="S", segment_length=16, max_segments=6)
    assert not asked
    assert not trace.exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_that_a_checkpoint_points_to_is_left_alone(hat, bert, trace, monkeypatch, file):
    asked = []
    monkeypatch.setattr("builtins.input", lambda *question: asked.append(question) or "y")
    entries = {"tokenizer_class": "OwnTokenizer"} if file == "tokenizer_config.json" else {}
    for folder in (hat, bert):
        point_to_code(folder, trace, file, **entries)
    assert HATModel.from_pretrained(hat)
    assert load_tokenizer(hat)
    assert warm_start(bert, layout="S", segment_length=16, max_segments=6)
    assert not asked
    assert not trace.exists()


# Every step of a pipeline's life with a hub name in its config, and a network that cannot be touched without a trace.
OFFLINE = """
import os, socket, sys, time
os.environ.pop("HF_HUB_OFFLINE", None)
os.environ["HF_HOME"] = sys.argv[3]
touched = []
def refuse(*arguments, **options):
    touched.append(arguments)
    raise OSError("no network in this test")
socket.create_connection = socket.getaddrinfo = refuse
# Sockets may be made (urllib3 asks at its import whether the machine has IPv6), but not connected.
socket.socket = type("Refused", (socket.socket,), {"connect": refuse, "connect_ex": refuse, "sendto": refuse})

import spacy
import spacy_hat.modeling
config = spacy.util.load_config(sys.argv[1])
nlp = spacy.util.load_model_from_config(config, auto_fill=True)
nlp.from_disk(sys.argv[2])
nlp("the appeal was dismissed. costs follow.")
list(spacy.load(sys.argv[2]).pipe(["the appeal was dismissed.", ""]))
nlp.from_bytes(nlp.to_bytes())
assert nlp("hello world.").cats
assert not touched, touched

time.sleep = lambda seconds: None  # between retries
try:
    spacy.util.load_model_from_config(config, auto_fill=True).initialize()
except ValueError as error:
    assert "cannot be fetched from the hub" in str(error), error
assert touched
"""


def test_nothing_is_fetched_but_to_initialize_by_a_hub_name(hat, tmp_path):
    nlp = make_nlp(hat, "textcat")
    train(nlp, initialize(nlp), 1)
    nlp.config["components"]["transformer"]["model"]["name"] = "some-owner/some-hat"
    nlp.to_disk(tmp_path / "pipeline")
    config = tmp_path / "pipeline" / "config.cfg"
    assert 'name = "some-owner/some-hat"' in config.read_text()
    arguments = [str(config), str(tmp_path / "pipeline"), str(tmp_path / "hub")]
    result = subprocess.run([sys.executable, "-c", OFFLINE, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stderr
