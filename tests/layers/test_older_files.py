"""Files that an earlier release wrote load, and answer as they did. `tests/support/older_files.py` made them."""

import json
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
import torch
from safetensors.torch import load, load_file

from spacy_hat.layers.hat_model import get_shim
from spacy_hat.layers.shim import HATShim
from spacy_hat.modeling import HATModel, load_tokenizer

from ..support.older_files import answers

OLDER = Path(__file__).parent.parent / "assets" / "older"
HAT, PIPELINE = OLDER / "hat", OLDER / "pipeline"


def stored():
    """RETURNS (bytes): What the earlier release's `HATShim.to_bytes` made."""
    message = srsly.msgpack_loads((PIPELINE / "transformer" / "model").read_bytes())
    return message["shims"][0][0]


def test_older_pipeline_answers_as_it_did():
    found = answers(spacy.load(PIPELINE))
    expected = json.loads((OLDER / "answers.json").read_text())
    for one, other in zip(found, expected, strict=True):
        assert one["spans"] == other["spans"]
        assert one["cats"] == pytest.approx(other["cats"], abs=1e-6)
        np.testing.assert_allclose(one["scores"], other["scores"], atol=1e-6)
        np.testing.assert_allclose(one["vectors"], other["vectors"], atol=1e-5)


def test_older_bytes_come_back_the_same():
    before = srsly.msgpack_loads(stored())
    after = srsly.msgpack_loads(HATShim().from_bytes(stored()).to_bytes())
    assert after["weights"] == before["weights"]
    assert after["tokenizer_class"] == before["tokenizer_class"]
    config, config_before = json.loads(after["config"]), json.loads(before["config"])
    # Other versions of transformers have other entries of their own.
    same = config.keys() & config_before.keys() - {"transformers_version"}
    assert len(same) > 20
    assert {name: config[name] for name in same} == {name: config_before[name] for name in same}
    backend, backend_before = (json.loads(one["tokenizer"]["tokenizer.json"]) for one in (after, before))
    assert backend == backend_before


def test_older_bytes_are_equal_to_the_last_byte_under_the_same_transformers():
    before = srsly.msgpack_loads(stored())
    after = srsly.msgpack_loads(HATShim().from_bytes(stored()).to_bytes())
    if json.loads(after["config"])["transformers_version"] != json.loads(before["config"])["transformers_version"]:
        pytest.skip("another version of transformers writes other entries")
    assert after == before


def test_older_weights_are_the_encoders():
    encoder = HATShim().from_bytes(stored()).encoder
    weights = load(srsly.msgpack_loads(stored())["weights"])
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, weights[name]), name


def test_older_checkpoint_loads_as_it_was():
    encoder = HATModel.from_pretrained(HAT)
    weights = load_file(HAT / "model.safetensors")
    assert encoder.state_dict().keys() == weights.keys()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in encoder.state_dict().items())
    config = json.loads((HAT / "config.json").read_text())
    if "torch_dtype" not in encoder.config.to_dict():  # as transformers 5 calls it
        config["dtype"] = config.pop("torch_dtype")
    assert {name: encoder.config.to_dict()[name] for name in config if name != "transformers_version"} == {
        name: value for name, value in config.items() if name != "transformers_version"
    }


def test_older_checkpoint_cuts_texts_as_the_pipeline_did():
    pipeline = get_shim(spacy.load(PIPELINE).get_pipe("transformer").model)
    text = "the appeals 77 é hello"
    assert load_tokenizer(HAT)(text).input_ids == pipeline.tokenizer(text).input_ids
