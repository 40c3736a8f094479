"""Dense layers: every kernel gives the same numbers, and a gradient is never lost."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from spacy_hat.machine.processor import cpu_multiplies_bfloat16
from spacy_hat.modeling import dense as module
from spacy_hat.modeling import one_dnn
from spacy_hat.modeling.dense import PreparedDense, dense, whole_tiles
from spacy_hat.modeling.one_dnn import one_dnn_multiplies

has_one_dnn = pytest.mark.skipif(not one_dnn_multiplies(torch.float32), reason="this torch has no oneDNN")
has_bfloat16 = pytest.mark.skipif(not cpu_multiplies_bfloat16(), reason="this CPU does not multiply bfloat16 natively")


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return nn.Linear(24, 40)


@pytest.fixture
def calls(monkeypatch):
    """Count the products that oneDNN makes."""
    made = []
    real = module.one_dnn_linear
    monkeypatch.setattr(module, "one_dnn_linear", lambda *args: made.append(args) or real(*args))
    return made


def expected(layer, rows, gelu):
    output = F.linear(rows.double(), layer.weight.double(), layer.bias.double())
    return (F.gelu(output) if gelu else output).float()


@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("n_rows", [0, 1, 33])
@pytest.mark.parametrize("with_one_dnn", [False, pytest.param(True, marks=has_one_dnn)])
def test_dense_is_the_product(layer, calls, monkeypatch, with_one_dnn, n_rows, gelu):
    if not with_one_dnn:
        monkeypatch.setattr(module, "one_dnn_multiplies", lambda dtype: False)
    rows = torch.randn(n_rows, 24)
    with torch.no_grad():
        found = dense(rows, layer.weight, layer.bias, gelu)
    torch.testing.assert_close(found, expected(layer, rows, gelu), rtol=0, atol=1e-6)
    assert bool(calls) == (with_one_dnn and n_rows > 0)


@pytest.mark.parametrize("needs", ["rows", "weight"])
def test_dense_keeps_the_gradient(layer, calls, needs):
    layer.requires_grad_(needs == "weight")
    rows = torch.randn(5, 24, requires_grad=needs == "rows")
    dense(rows, layer.weight, layer.bias, gelu=True).sum().backward()
    assert (rows if needs == "rows" else layer.weight).grad.abs().sum() > 0
    assert not calls


@has_one_dnn
def test_dense_of_frozen_weights_and_rows_goes_the_fast_way_in_training_too(layer, calls):
    layer.requires_grad_(False)
    assert not dense(torch.randn(5, 24), layer.weight, layer.bias).requires_grad
    assert calls


@has_bfloat16
def test_dense_obeys_autocast(layer, calls):
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert dense(torch.randn(5, 24), layer.weight, layer.bias).dtype == torch.bfloat16
    assert not calls


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_one_dnn_is_not_asked_for_other_precisions(dtype):
    assert not one_dnn_multiplies(dtype)


@has_one_dnn
def test_one_dnn_that_changed_its_operator_is_not_used(monkeypatch):
    one_dnn_multiplies.cache_clear()
    monkeypatch.setattr(one_dnn, "one_dnn_linear", lambda *args: torch.ops.mkldnn.no_such_operator(*args))
    assert not one_dnn_multiplies(torch.float32)
    one_dnn_multiplies.cache_clear()


@pytest.mark.parametrize("n_rows", [0, 1, 33])
@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_prepared_dense_puts_layers_beside_each_other(layer, dtype, gelu, n_rows):
    other = nn.Linear(24, 16)
    rows = torch.randn(n_rows, 24)
    with torch.no_grad():
        found = PreparedDense([layer, other], dtype)(rows, gelu)
        both = torch.cat([expected(layer, rows, gelu), expected(other, rows, gelu)], dim=-1)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), both, rtol=0, atol=1e-6 if dtype == torch.float32 else 0.05)


@has_one_dnn
@pytest.mark.parametrize(
    ("n_rows", "n_tiled"), [(0, 0), (1, 8), (8, 8), (63, 64), (65, 96), (948, 960), (1024, 1024), (1025, 1088)]
)
def test_whole_tiles_are_few_sizes(n_rows, n_tiled):
    rows = torch.randn(n_rows, 4)
    with torch.no_grad():
        tiled = whole_tiles(rows)
    assert len(tiled) == n_tiled
    assert torch.equal(tiled[:n_rows], rows)
    assert not tiled[n_rows:].any()


def test_whole_tiles_are_not_made_in_training():
    assert len(whole_tiles(torch.randn(5, 4, requires_grad=True))) == 5


@has_one_dnn
def test_one_dnn_multiplies_float32_where_the_processor_has_no_bfloat16(monkeypatch):
    monkeypatch.setattr(one_dnn, "cpu_multiplies_bfloat16", lambda: False)
    asked = one_dnn_multiplies.__wrapped__  # past the answer that is kept
    assert (asked(torch.float32), asked(torch.bfloat16)) == (True, False)
