"""The cache of frozen blocks: the same numbers, computed once, bounded, and never stale."""

import copy
import pickle

import numpy as np
import pytest
import torch

from spacy_hat.machine.processor import cpu_multiplies_bfloat16
from spacy_hat.modeling import HATModel
from spacy_hat.modeling.segment_cache import SegmentCache

from ..support.segments import DISTINCT, REPEATED, A, B, C, D, block_inputs, pack
from ..support.tiny import gradients, tiny_model, tiny_settings

BATCHES = [REPEATED, DISTINCT, pack([B, D, C]), pack([[5, 6], A], [[5, 6, 7]]), REPEATED]
ROOM = 10**6
FIRST_THREE_BLOCKS = {"layout": "S|S|SD|S|SD", "frozen_blocks": 3}


@pytest.fixture(params=[False, True], ids=["memory", "file"])
def folder(request, tmp_path):
    return tmp_path if request.param else None


def make(layout="S|S|SD|S", frozen_blocks=2, **settings):
    return tiny_model(HATModel, tiny_settings(layout, frozen_blocks=frozen_blocks, **settings)).train()


def train(model, inputs, **options):
    model.zero_grad()
    output = model.forward_packed(inputs, **options)
    if output.requires_grad:
        output.backward(torch.randn(output.shape, generator=torch.Generator().manual_seed(5)))
    return output, gradients(model)


@pytest.mark.parametrize(
    "settings",
    [{}, {"frozen_blocks": 1}, FIRST_THREE_BLOCKS, {"layout": "S|S|D", "frozen_blocks": 2}, {"layout": "S|SD|S"}],
    ids=str,
)
@pytest.mark.parametrize("segments_only", [False, True])
@pytest.mark.parametrize("max_bytes", [ROOM, 1500, 0])
def test_training_with_a_cache_equals_training_without(settings, segments_only, max_bytes, folder):
    model, cache = make(**settings), SegmentCache(max_bytes, folder)
    for inputs in BATCHES:
        output, found = train(model, inputs, segments_only=segments_only, cache=cache)
        expected_output, expected = train(model, inputs, segments_only=segments_only)
        torch.testing.assert_close(output, expected_output, rtol=0, atol=1e-5)
        assert found.keys() == expected.keys()
        for name, gradient in found.items():
            torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-4)


def test_cache_computes_a_segment_once():
    model, cache = make(), SegmentCache(ROOM)
    sizes = block_inputs(model)
    for inputs in BATCHES:
        train(model, inputs, cache=cache)
    assert sizes == [len([*A, *B, *C, *D]), len([5, 6, 5, 6, 7])]
    assert len(cache) == 6


def test_cache_keeps_what_fits_and_computes_the_rest_each_time():
    model = make()
    row_bytes = model.config.hidden_size * 4
    cache = SegmentCache(len([*A, *B]) * row_bytes + row_bytes - 1)
    sizes = block_inputs(model)
    for _ in range(3):
        train(model, REPEATED, cache=cache)
    assert len(cache) == 2
    assert sizes == [len([*A, *B, *C, *D]), len([*C, *D]), len([*C, *D])]


@pytest.mark.parametrize("name", ["embeddings.word_embeddings", "encoder.layer.1.sentence_encoder.output.dense"])
def test_cache_is_emptied_by_a_change_of_weights(name):
    model, cache = make(), SegmentCache(ROOM)
    train(model, REPEATED, cache=cache)
    with torch.no_grad():
        model.get_submodule(name).weight.add_(torch.randn_like(model.get_submodule(name).weight))
    found, _ = train(model, REPEATED, cache=cache)
    torch.testing.assert_close(found, train(model, REPEATED)[0], rtol=0, atol=1e-5)


def test_cache_is_not_emptied_by_a_step_of_training():
    model, cache = make(), SegmentCache(ROOM)
    sizes = block_inputs(model)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    for _ in range(3):
        train(model, REPEATED, cache=cache)
        optimizer.step()
    assert len(sizes) == 1


@pytest.mark.skipif(not cpu_multiplies_bfloat16(), reason="this CPU does not multiply bfloat16 natively")
def test_cache_is_emptied_by_a_change_of_precision():
    model, cache = make(), SegmentCache(ROOM)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fast, _ = train(model, REPEATED, cache=cache)
    exact, _ = train(model, REPEATED, cache=cache)
    assert not torch.equal(fast.float(), exact)
    torch.testing.assert_close(exact, train(model, REPEATED)[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_cache_is_duplicated_without_its_rows(again, folder):
    cache = SegmentCache(ROOM, folder)
    train(make(), REPEATED, cache=cache)
    duplicate = again(cache)
    assert (len(duplicate), duplicate.max_bytes, duplicate.folder) == (0, ROOM, folder)


def test_cache_leaves_no_file(folder, tmp_path):
    train(make(), REPEATED, cache=SegmentCache(ROOM, folder))
    assert list(tmp_path.iterdir()) == []


def test_cache_takes_no_part_where_nothing_is_frozen():
    cache = SegmentCache(ROOM)
    train(make(frozen_blocks=0), REPEATED, cache=cache)
    assert len(cache) == 0


def test_cache_of_an_empty_batch_is_empty():
    nothing = np.zeros(0, dtype=np.int64)
    output, _ = train(make(), type(REPEATED)(nothing, nothing, nothing, nothing), cache=SegmentCache(ROOM))
    assert output.shape == (0, 32)
