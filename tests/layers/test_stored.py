"""What a stranger's pipeline stores of an encoder: nothing is written outside, run or fetched, and damage is named."""

import builtins
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import srsly
import torch

from spacy_hat.layers import stored as stored_module
from spacy_hat.layers.shim import HATShim
from spacy_hat.layers.stored import DamagedPipelineError, read_encoder, write_encoder
from spacy_hat.modeling import HATConfig, HATModel
from spacy_hat.modeling.files.problems import RefusedError

from ..support.gate import BIN, copy, stored, tokenizer_files
from ..support.tiny import tiny_settings
from ..support.tokenizers_tiny import wordpiece_tokenizer


@pytest.fixture
def hat(hat_folder, tmp_path):
    return copy(hat_folder, tmp_path / "hat")


def tokenizer_with(folder, **files):
    own = tokenizer_files(folder)
    return {**own, **files}


@pytest.mark.parametrize("name", ["{0}/stranger", "../stranger", "../../stranger", "a/../../stranger", "stranger"])
def test_stored_file_names_write_nothing_anywhere(hat, tmp_path, name):
    before = set(tmp_path.rglob("*"))
    content = stored(hat, tokenizer=tokenizer_with(hat, **{name.format(tmp_path): b"owned"}))
    with pytest.raises(RefusedError, match=r"has files named .*stranger.*Nothing was written"):
        HATShim().from_bytes(content)
    assert set(tmp_path.rglob("*")) == before
    assert not list(Path("/tmp").glob("stranger*"))


STRANGE_CLASSES = ["AutoTokenizer", "AutoModel", "AutoConfig", "AutoProcessor", "DPTForDepthEstimation", "BertModel"]


@pytest.mark.parametrize("name", [*STRANGE_CLASSES, "BertTokenizer", "logging", "__loader__", ""])
def test_stored_class_that_is_not_listed_is_refused_and_nothing_asked(hat, name, monkeypatch):
    monkeypatch.setattr(builtins, "input", lambda *_: pytest.fail("was asked whether to run code"))
    with pytest.raises(RefusedError, match="expected a fast one of transformers' own"):
        HATShim().from_bytes(stored(hat, tokenizer_class=name))


def message_of(hat):
    return srsly.msgpack_loads(stored(hat))


DAMAGED = {
    "nothing": b"",
    "not msgpack": b"\xc1\xc1\xc1",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "a list": srsly.msgpack_dumps([1, 2]),
    "a number": srsly.msgpack_dumps(7),
    "a word": srsly.msgpack_dumps("weights"),
    "an array": srsly.msgpack_dumps(np.zeros(3)),
    "other keys": srsly.msgpack_dumps({"model": b"x"}),
    "numbers for keys": srsly.msgpack_dumps({1: 2}),
    "a pickle": pickle.dumps({"config": "{}"}),
    "an array of objects": b"\x84\xc4\x02nd\xc3\xc4\x04type\xa1O\xc4\x05shape\x91\x01\xc4\x04data\xc4\x08AAAAAAAA",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_stored_bytes_that_are_damaged_say_so(content):
    with pytest.raises(DamagedPipelineError, match=r"cannot be read\. Got: .* Expected: .*copy the pipeline again"):
        HATShim().from_bytes(content)


@pytest.mark.parametrize("part", ["config", "weights", "tokenizer_class", "tokenizer"])
@pytest.mark.parametrize("value", [None, 5, [], "x", b"x", {}, {"x": "y"}, {5: b"x"}], ids=repr)
def test_stored_parts_of_another_kind_say_so(hat, part, value):
    with pytest.raises(RefusedError):
        HATShim().from_bytes(stored(hat, **{part: value}))


CONFIGS = ["", "null", "[]", "{}", "[" * 100_000, '{"model_type": "bert"}', '{"model_type": ["x"]}', "{'a': 1}"]


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_stored_configuration_that_is_not_of_a_hat_says_so(hat, config):
    with pytest.raises(DamagedPipelineError, match=r"Got: a configuration .* Expected: "):
        HATShim().from_bytes(stored(hat, config=config))


@pytest.mark.parametrize("n_bytes", [0, 4, 100, -1, -100])
def test_stored_weights_that_are_cut_off_say_so(hat, n_bytes):
    weights = (hat / "model.safetensors").read_bytes()[:n_bytes]
    with pytest.raises(RefusedError, match=r"The weights of this pipeline cannot be read"):
        HATShim().from_bytes(stored(hat, weights=weights))


def test_stored_weights_are_never_unpickled(hat, tmp_path):
    class Payload:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    torch.save({"x": Payload()}, tmp_path / BIN)
    for content in (pickle.dumps(Payload()), (tmp_path / BIN).read_bytes()):
        with pytest.raises(RefusedError):
            HATShim().from_bytes(stored(hat, weights=content))
    assert not (tmp_path / "ran").exists()


def test_stored_tokenizer_needs_its_own_file(hat):
    files = tokenizer_with(hat)
    del files["tokenizer.json"]
    with pytest.raises(DamagedPipelineError, match=r"Expected: a tokenizer\.json"):
        HATShim().from_bytes(stored(hat, tokenizer=files))


def test_stored_encoder_that_is_refused_leaves_the_one_that_is_there(hat):
    shim = HATShim().from_bytes(stored(hat))
    encoder, tokenizer = shim.encoder, shim.tokenizer
    with pytest.raises(RefusedError):
        shim.from_bytes(stored(hat, tokenizer_class="AutoTokenizer"))
    assert shim.encoder is encoder
    assert shim.tokenizer is tokenizer


def test_stored_encoder_is_not_made_before_all_is_known(hat, monkeypatch):
    monkeypatch.setattr(stored_module, "HATModel", lambda config: pytest.fail("was made"))
    config = {**json.loads((hat / "config.json").read_text()), "vocab_size": 10**7}
    with pytest.raises(RefusedError, match="do not fit"):
        HATShim().from_bytes(stored(hat, config=json.dumps(config)))


def test_stored_bytes_are_the_same_each_time(hat):
    shim = HATShim().from_bytes(stored(hat))
    assert shim.to_bytes() == shim.to_bytes() == HATShim().from_bytes(shim.to_bytes()).to_bytes()


@pytest.mark.parametrize("name", ["TokenizersBackend", "BertTokenizer"])
def test_encoder_comes_back_where_transformers_5_named_its_tokenizer(name):
    tokenizer = wordpiece_tokenizer()
    tokenizer.__class__ = type(name, (type(tokenizer),), {})  # transformers 4 has no class of the first name
    model = HATModel(HATConfig(**tiny_settings(family="bert", vocab_size=len(tokenizer))))
    read = read_encoder(write_encoder(model, tokenizer))
    assert read is not None
    assert read[1]("the court")["input_ids"] == tokenizer("the court")["input_ids"]
