"""A saved pipeline is all that another machine needs: no checkpoint, no network, no import, no code in it."""

import copy
import json
import os
import pickle
import pickletools
import shutil
import subprocess
import sys

import pytest
import spacy
import srsly
import torch

from ..support.pipelines import encoder_of, initialize, make_examples, make_nlp, make_text, predictions, save_hat, train

TEXTS = [make_text(number) for number in range(50, 54)] + ["", " ", "hello"]
# Files that spaCy writes for every pipeline, and their formats.
KNOWN_FILES = {
    "config.cfg",
    "meta.json",
    "tokenizer",
    "sentencizer.json",
    "cfg",
    "model",
    "strings.json",
    "vectors",
    "vectors.cfg",
    "lookups.bin",
    "key2row",
}
FRESH_PROCESS = """
import json, pickle, socket, sys
import spacy, torch

def refuse(*args, **kwargs):
    raise RuntimeError("refused")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
pickle.load = pickle.loads = torch.load = refuse
assert not any(name.startswith("spacy_hat") for name in sys.modules)
nlp = spacy.load(sys.argv[1])
docs = list(nlp.pipe(json.loads(sys.argv[2])))
spans = [[(s.start, s.end, s.label_) for s in doc.spans["spancat_singlelabel"]] for doc in docs]
print(json.dumps({"cats": [doc.cats for doc in docs], "spans": spans}))
"""


@pytest.fixture(scope="module")
def nlp(tmp_path_factory):
    """A trained pipeline whose checkpoint is gone."""
    folder = save_hat(tmp_path_factory.mktemp("hat"))
    nlp = make_nlp(folder, "textcat", "spancat_singlelabel", packing="sentences")
    examples = initialize(nlp)
    shutil.rmtree(folder)
    train(nlp, examples, 20)
    return nlp


@pytest.fixture(scope="module")
def expected(nlp):
    return predictions(nlp.pipe(TEXTS))


@pytest.fixture(scope="module")
def saved(nlp, tmp_path_factory):
    path = tmp_path_factory.mktemp("pipeline")
    nlp.to_disk(path)
    return path


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one["cats"] == pytest.approx(other["cats"], abs=1e-6)
        assert one["spans"] == other["spans"]


def binary_parts(value):
    """All bytes in a decoded msgpack message, those in messages inside it included."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [part for item in value for part in binary_parts(item)]
    if not isinstance(value, bytes):
        return []
    try:
        return [value, *binary_parts(srsly.msgpack_loads(value))]
    except Exception:
        return [value]


def is_pickle(data):
    """Whether bytes are a pickle of protocol 2 or later, or a zip archive, which is what torch.save writes."""
    if data[:4] == b"PK\x03\x04":
        return True
    try:
        return data[:1] == b"\x80" and len(list(pickletools.genops(data))) > 0
    except ValueError:
        return False


def test_nlp_predicts_spans_and_cats_worth_comparing(expected):
    assert {label for doc in expected for _, _, label in doc["spans"]["spancat_singlelabel"]} == {"LOST", "WON"}
    # Cats are compared to 1e-6.
    assert len({round(doc["cats"]["DISMISSED"], 3) for doc in expected}) > 3


def test_nlp_loads_in_a_fresh_process_offline_without_import_and_checkpoint(saved, expected, tmp_path):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "HF_", "TRANSFORMERS_"))}
    env.update(HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
    command = [sys.executable, "-c", FRESH_PROCESS, str(saved), json.dumps(TEXTS)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    for cats, spans, doc in zip(found["cats"], found["spans"], expected, strict=True):
        assert cats == pytest.approx(doc["cats"], abs=1e-6)
        assert [tuple(span) for span in spans] == doc["spans"]["spancat_singlelabel"]


def test_nlp_folder_holds_no_pickle(saved):
    files = [path for path in saved.rglob("*") if path.is_file()]
    assert {path.name for path in files} <= KNOWN_FILES
    parts = {path: [path.read_bytes()] for path in files}
    for path in files:
        if path.name == "model":
            parts[path] += binary_parts(srsly.msgpack_loads(path.read_bytes()))
    assert [path for path, datas in parts.items() if any(map(is_pickle, datas))] == []


def test_nlp_folder_check_would_find_a_pickle(tmp_path):
    torch.save({"weight": torch.ones(2)}, tmp_path / "weights")
    hidden = srsly.msgpack_dumps({"shims": [srsly.msgpack_dumps({"state": pickle.dumps([1.0])})]})
    assert is_pickle((tmp_path / "weights").read_bytes())
    assert any(map(is_pickle, binary_parts(srsly.msgpack_loads(hidden))))


def test_nlp_folder_does_not_grow_with_each_save(saved, tmp_path):
    spacy.load(saved).to_disk(tmp_path)
    assert (tmp_path / "transformer" / "model").stat().st_size == (saved / "transformer" / "model").stat().st_size


def test_nlp_from_bytes_brings_weights_back(nlp, saved, expected):
    other = spacy.load(saved)
    for component in ("transformer", "textcat"):
        for node in other.get_pipe(component).model.walk():
            for name in node.param_names:
                node.set_param(name, node.get_param(name) + 1.0)
    for parameter in encoder_of(other).parameters():
        parameter.data += 0.1
    assert predictions(other.pipe(TEXTS[:1]))[0]["cats"] != pytest.approx(expected[0]["cats"], abs=1e-3)
    assert_same(predictions(other.from_bytes(nlp.to_bytes()).pipe(TEXTS)), expected)


def test_nlp_from_disk_fills_a_pipeline_that_was_never_initialized(saved, expected):
    other = make_nlp("no such folder", "textcat", "spancat_singlelabel", packing="sentences")
    assert_same(predictions(other.from_disk(saved).pipe(TEXTS)), expected)


def test_nlp_keeps_a_tiny_layer_norm_eps(saved):
    assert encoder_of(spacy.load(saved)).config.layer_norm_eps == 1e-12


def test_nlp_keeps_frozen_blocks(hat_folder, tmp_path):
    nlp = make_nlp(hat_folder, "textcat", transformer_config={"frozen_blocks": 1})
    initialize(nlp)
    nlp.to_disk(tmp_path)
    parameters = encoder_of(spacy.load(tmp_path)).named_parameters()
    assert {name.split(".")[2] for name, p in parameters if p.requires_grad} == {"1"}


def test_nlp_trains_on_after_loading(saved):
    nlp = spacy.load(saved)
    nlp.resume_training()
    losses = train(nlp, make_examples(nlp), 2)
    assert losses[0]["textcat"] < 0.1


def pickle_and_back(nlp):
    return pickle.loads(pickle.dumps(nlp))


@pytest.mark.parametrize("restore", [pickle_and_back, copy.deepcopy])
def test_nlp_copies_predict_the_same(nlp, expected, restore):
    assert_same(predictions(restore(nlp).pipe(TEXTS)), expected)


def test_nlp_components_can_be_sourced(saved, expected):
    trained = spacy.load(saved)
    other = spacy.blank("en", vocab=trained.vocab)
    for name in trained.pipe_names:
        other.add_pipe(name, source=trained)
    assert_same(predictions(other.pipe(TEXTS)), expected)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_nlp_pipe_with_two_processes(nlp, expected):
    assert_same(predictions(nlp.pipe(TEXTS, n_process=2, batch_size=2)), expected)
