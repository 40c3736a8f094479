"""Segments of the same pieces: found exactly, encoded once, and nothing else changes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_hat.modeling import HATModel
from spacy_hat.modeling import repeats as module
from spacy_hat.modeling.repeats import find_repeats, pick_segments

from ..support.segments import DISTINCT, REPEATED, A, B, C, D, block_inputs, pack
from ..support.tiny import gradients, tiny_model, tiny_settings

# S parts before the first D: 1, 2, 2, 4, 1, 0
LAYOUTS = {"SD|S": 1, "S|SD|D|SD": 2, "S|S|D": 2, "S|S|S|S": 4, "SD|D|D": 1, "D|S": 0}
layouts = pytest.mark.parametrize("layout", LAYOUTS)
segments = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=12)


def split(inputs):
    return [tuple(part) for part in np.split(inputs.piece_ids, np.cumsum(inputs.segment_lengths)[:-1])]


@given(segments)
def test_repeats_are_the_equal_segments(segments):
    inputs = pack(segments)
    found = find_repeats(inputs)
    wanted = list(dict.fromkeys(map(tuple, segments)))
    if found is None:
        assert len(wanted) == len(segments)
        return
    assert split(found.distinct) == wanted
    assert [wanted[kind] for kind in found.segments] == [tuple(segment) for segment in segments]
    np.testing.assert_array_equal(found.distinct.piece_ids[found.rows], inputs.piece_ids)


@pytest.mark.parametrize("windows", [[], [[A]], [[A, B], [C, D]]], ids=["nothing", "one", "distinct"])
def test_repeats_of_distinct_segments_are_none(windows):
    assert find_repeats(pack(*windows)) is None


@pytest.mark.parametrize(
    "inputs", [REPEATED, pack([A, C]), pack([A, B])], ids=["repeated", "other_length", "equal_length"]
)
def test_repeats_with_one_hash_for_all_are_compared_by_their_pieces(monkeypatch, inputs):
    monkeypatch.setattr(module, "_hashes", lambda inputs, starts: np.zeros(len(starts), dtype=np.uint64))
    assert find_repeats(inputs) is None


def test_pick_segments_takes_them_in_the_order_asked_for():
    picked = pick_segments(REPEATED, np.array([3, 0]))
    assert split(picked) == [tuple(C), tuple(A)]
    assert picked.window_lengths.tolist() == [1, 1]
    assert picked.segment_positions.tolist() == [0, 0]


@layouts
@pytest.mark.parametrize("segments_only", [False, True])
@pytest.mark.parametrize("inputs", [REPEATED, DISTINCT], ids=["repeated", "distinct"])
@pytest.mark.parametrize("max_batch_pieces", [None, 6])
def test_encoding_with_repeats_equals_encoding_without(monkeypatch, layout, segments_only, inputs, max_batch_pieces):
    model = tiny_model(HATModel, tiny_settings(layout))
    options = {"segments_only": segments_only, "max_batch_pieces": max_batch_pieces}
    sizes = block_inputs(model)
    with torch.no_grad():
        found = model.forward_packed(inputs, **options)
        n_pieces = sum(sizes)
        monkeypatch.setattr("spacy_hat.modeling.model.find_repeats", lambda inputs: None)
        torch.testing.assert_close(found, model.forward_packed(inputs, **options), rtol=0, atol=1e-5)
    once = sum(map(len, set(split(inputs))))
    assert n_pieces == (once if LAYOUTS[layout] else len(inputs.piece_ids))


@layouts
def test_leading_blocks_are_those_before_segments_attend_to_each_other(layout):
    model = tiny_model(HATModel, tiny_settings(layout))
    with torch.no_grad():
        assert model.n_leading_blocks() == LAYOUTS[layout]


@pytest.mark.parametrize(("frozen_blocks", "once"), [(0, False), (1, True), (2, True)])
@pytest.mark.parametrize("segments_only", [False, True])
def test_training_encodes_repeats_once_where_no_gradient_is_wanted(monkeypatch, frozen_blocks, once, segments_only):
    model = tiny_model(HATModel, tiny_settings("S|S|SD|S", frozen_blocks=frozen_blocks)).train()

    def train():
        model.zero_grad()
        output = model.forward_packed(REPEATED, segments_only=segments_only)
        output.backward(torch.randn(output.shape, generator=torch.Generator().manual_seed(5)))
        return output, gradients(model)

    sizes = block_inputs(model)
    output, found = train()
    assert (sizes[0] < len(REPEATED.piece_ids)) == once
    monkeypatch.setattr("spacy_hat.modeling.model.find_repeats", lambda inputs: None)
    expected_output, expected = train()
    torch.testing.assert_close(output, expected_output, rtol=0, atol=1e-5)
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-4)
