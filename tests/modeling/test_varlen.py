"""Attention in one call: asked for rightly, and only where the kernel can do it.

The kernel itself needs a GPU. Here a loop stands in for it, which does what torch's documentation says of it.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spacy_hat.modeling import HATModel
from spacy_hat.modeling import varlen as module
from spacy_hat.modeling.plan import plan_attention

from ..support.tiny import BATCHES, RAGGED, gradients, make_batch, pack, tiny_model, tiny_settings


def slow_varlen(query, key, value, bounds_q, bounds_k, max_q, max_k):
    """(rows, n_heads, head_size) each; sequence i has the rows from bounds[i] to bounds[i + 1]."""
    assert bounds_q.dtype == bounds_k.dtype == torch.int32
    assert (max_q, max_k) == (bounds_q.diff().max(), bounds_k.diff().max())
    assert (bounds_q[-1], bounds_k[-1]) == (len(query), len(key))
    parts = []
    for q, k in zip(bounds_q.tolist(), range(len(bounds_k) - 1), strict=False):
        queries = query[q : bounds_q[k + 1]]
        rows = slice(int(bounds_k[k]), int(bounds_k[k + 1]))
        scores = torch.einsum("qhd,khd->hqk", queries, key[rows]) * query.shape[-1] ** -0.5
        parts.append(torch.einsum("hqk,khd->qhd", scores.softmax(-1), value[rows]))
    return torch.cat(parts)


@pytest.fixture
def everywhere(monkeypatch):
    """Take the kernel for all there is; RETURNS: a list that fills with its calls."""
    calls = []
    monkeypatch.setattr(module, "varlen_attn", lambda *args: calls.append(args) or slow_varlen(*args))
    monkeypatch.setattr("spacy_hat.modeling.attention.takes_varlen", lambda *args: args[-1].query_gate is None)
    return calls


def run(model, inputs, segments_only):
    model.zero_grad()
    output = model.forward_packed(inputs, segments_only=segments_only)
    output.backward(torch.randn(output.shape, generator=torch.Generator().manual_seed(5)))
    return output, gradients(model)


@pytest.mark.parametrize("layout", ["S|SD|D|SD", "S|S", "D"])
@pytest.mark.parametrize("segments_only", [False, True])
@pytest.mark.parametrize("segment_lengths", BATCHES.values(), ids=BATCHES)
def test_varlen_equals_buckets(request, layout, segments_only, segment_lengths):
    settings = tiny_settings(layout)
    model = tiny_model(HATModel, settings).train()
    inputs = pack(segment_lengths, make_batch(segment_lengths, settings), settings)
    expected_output, expected = run(model, inputs, segments_only)
    calls = request.getfixturevalue("everywhere")
    output, found = run(model, inputs, segments_only)
    assert calls
    torch.testing.assert_close(output, expected_output, rtol=0, atol=1e-5)
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-4)


def test_varlen_is_not_asked_to_compute_padding(everywhere, settings, model):
    batch = make_batch(RAGGED, settings)
    model(**batch, compute_padding=True)
    assert all(len(call[0]) == len(RAGGED) * len(RAGGED[0]) for call in everywhere)  # between segments: no masks


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, True),
        ({"dtype": torch.float16}, True),
        ({"dtype": torch.float32}, False),
        ({"device": "cpu"}, False),
        ({"dropout": 0.1}, False),
        ({"head_size": 36}, False),
        ({"head_size": 264}, False),
        ({"is_key": np.array([True, False, True])}, False),
        ({"capability": (7, 5)}, False),
        ({"kernel": None}, False),
    ],
    ids=str,
)
def test_varlen_is_taken_where_the_kernel_can_do_it(monkeypatch, changes, taken):
    case = {"device": "cuda", "dtype": torch.bfloat16, "head_size": 64, "dropout": 0.0, "capability": (9, 0)} | changes
    monkeypatch.setattr(module, "varlen_attn", case.get("kernel", slow_varlen))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: case["capability"])
    queries = SimpleNamespace(device=torch.device(case["device"]), dtype=case["dtype"])
    plan = plan_attention(np.array([2, 1]), torch.device("cpu"), case.get("is_key"))
    assert module.takes_varlen(queries, case["head_size"], case["dropout"], plan) == taken


def test_varlen_leaves_out_rows_behind_the_last_group(everywhere):
    """In the backward pass of the kernel, they would have gradients that are not numbers."""
    plan = plan_attention(np.array([3, 2]), torch.device("cpu"))
    queries, keys_values = torch.randn(8, 16), torch.randn(8, 32)
    found = module.attend_varlen(queries, keys_values, 2, plan, False)
    assert torch.equal(found, module.attend_varlen(queries[:5], keys_values[:5], 2, plan, False))
    assert [len(part) for part in everywhere[0][:3]] == [5, 5, 5]
    first = module.attend_varlen(queries[:3], keys_values, 2, plan, True)
    assert torch.equal(first, module.attend_varlen(queries[:2], keys_values[:5], 2, plan, True))


def test_varlen_bounds_are_made_once_for_all_blocks(everywhere, settings, model):
    inputs = pack(RAGGED, make_batch(RAGGED, settings), settings)
    model.forward_packed(inputs)
    of_segments = [call[3] for call in everywhere if len(call[0]) == len(inputs.piece_ids)]
    assert len(of_segments) > 1
    assert len({id(bounds) for bounds in of_segments}) == 1


def on_gpu(kernel, dtype, plan, reach):
    """RETURNS: Attention, and the gradients of what it reads."""
    generator = torch.Generator().manual_seed(0)
    read = [torch.randn(len(plan.places), n, generator=generator) for n in (128, 256)]
    queries, keys_values = (part.to("cuda", dtype).requires_grad_() for part in read)
    output = kernel(queries, keys_values, 2, plan, False, reach)
    output.backward(torch.randn(output.shape, generator=generator).to(output))
    return [part.detach().float().cpu() for part in (output, queries.grad, keys_values.grad)]


def slow_groups(queries, keys_values, n_heads, plan, _segments_only, reach):
    """Attention group by group, in float32."""
    parts = []
    for start, stop in zip(plan.bounds.tolist(), plan.bounds.tolist()[1:], strict=False):
        heads = keys_values[start:stop].float().view(stop - start, 2, n_heads, -1).permute(1, 2, 0, 3)
        query = queries[start:stop].float().view(stop - start, n_heads, -1).transpose(0, 1)
        scores = query @ heads[0].transpose(1, 2) * query.shape[-1] ** -0.5
        places = torch.arange(stop - start, device=scores.device)
        if reach is not None:
            scores = scores.masked_fill((places[:, None] - places).abs() > reach, -torch.inf)
        parts.append((scores.softmax(-1) @ heads[1]).transpose(0, 1).flatten(1))
    return torch.cat(parts)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU in this machine")
@pytest.mark.skipif(module.varlen_attn is None, reason="torch below 2.10")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("reach", [None, 5])
def test_varlen_kernel_equals_attention_group_by_group(dtype, reach):
    if reach is not None and not module.TAKES_REACH:
        pytest.skip("this torch has no window")
    plan = plan_attention(np.array([1, 128, 7, 31, 2]), torch.device("cuda"))
    found, expected = (on_gpu(kernel, dtype, plan, reach) for kernel in (module.attend_varlen, slow_groups))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0.03, atol=0.03)
