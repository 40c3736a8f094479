"""Products in 8 bits: how far they are from exact ones, what they depend on, and what says that they can be had."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from spacy_hat.modeling import int8
from spacy_hat.modeling.int8 import Int8Dense, multiplies_int8, quantise_rows

has_int8 = pytest.mark.skipif(not multiplies_int8(), reason="this CPU does not multiply 8-bit numbers natively")


@pytest.fixture
def rows():
    torch.manual_seed(0)
    return torch.randn(33, 64) * torch.logspace(-3, 3, 33)[:, None]


@pytest.fixture
def layers():
    torch.manual_seed(0)
    return [nn.Linear(64, 40), nn.Linear(64, 24)]


def restored(quantised):
    return (quantised.numbers.float() - int8.ZERO) * quantised.scales


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_quantised_rows_are_off_by_half_a_step_at_most(rows, dtype):
    given = rows.to(dtype)
    found = quantise_rows(given)
    assert ((restored(found) - given.float()).abs() <= found.scales * 0.5001).all()


def test_quantised_rows_use_all_numbers_and_are_symmetric(rows):
    numbers = quantise_rows(rows).numbers.int() - int8.ZERO
    assert torch.equal(numbers.abs().amax(dim=1), torch.full((33,), 127, dtype=torch.int32))
    assert torch.equal(quantise_rows(-rows).numbers.int() - int8.ZERO, -numbers)


def test_quantised_rows_depend_on_themselves_alone_and_are_not_written_to(rows):
    before = rows.clone()
    together = quantise_rows(rows)
    alone = [quantise_rows(row[None]) for row in rows]
    assert torch.equal(together.numbers, torch.cat([one.numbers for one in alone]))
    assert torch.equal(together.scales, torch.cat([one.scales for one in alone]))
    assert torch.equal(rows, before)


@has_int8
@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("n_rows", [0, 1, 33])
def test_int8_dense_is_nearly_the_product(layers, n_rows, dtype, gelu):
    rows = torch.randn(n_rows, 64)
    with torch.no_grad():
        found = Int8Dense(layers, dtype)(rows, gelu)
        exact = torch.cat([layer(rows) for layer in layers], dim=1)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), F.gelu(exact) if gelu else exact, rtol=0, atol=0.04)


@has_int8
def test_int8_dense_is_exact_but_for_the_quantising(layers, rows):
    product = Int8Dense(layers)
    quantised = quantise_rows(rows)
    with torch.no_grad():
        weight = torch.cat([layer.weight for layer in layers])
        weight = (weight / product.scales[:, None]).round() * product.scales[:, None]
        bias = torch.cat([layer.bias for layer in layers])
        expected = F.linear(restored(quantised).double(), weight.double(), bias.double()).float()
        found = product(quantised)
    torch.testing.assert_close(found / quantised.scales, expected / quantised.scales, rtol=1e-5, atol=1e-3)


@has_int8
def test_int8_dense_after_a_gelu_takes_its_rows_as_well(layers):
    rows = F.gelu(torch.randn(33, 64) * 3)
    with torch.no_grad():
        exact = torch.cat([layer(rows) for layer in layers], dim=1)
        torch.testing.assert_close(Int8Dense(layers, follows_gelu=True)(rows), exact, rtol=0, atol=0.1)


@has_int8
def test_int8_dense_of_a_row_is_the_same_in_any_company(layers, rows):
    product = Int8Dense(layers)
    with torch.no_grad():
        together = product(rows)
        assert torch.equal(together, torch.cat([product(row[None]) for row in rows]))


@has_int8
@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_int8_dense_hides_nothing_that_is_not_finite(layers, odd):
    rows = torch.ones(3, 64)
    rows[1, 5] = odd
    with torch.no_grad():
        found = Int8Dense(layers)(rows)
    assert found.isfinite().all(dim=1).tolist() == [True, False, True]


@has_int8
def test_int8_dense_of_zeros_is_the_bias(layers):
    with torch.no_grad():
        nn.init.zeros_(layers[0].weight)
        found = Int8Dense(layers)(torch.zeros(2, 64))
    assert torch.equal(found[0], torch.cat([layer.bias for layer in layers]))


@pytest.mark.parametrize("error", [AttributeError, RuntimeError, TypeError])
def test_multiplies_int8_says_no_where_the_operators_are_others(monkeypatch, error):
    def changed(*_arguments):
        raise error("no such operator")

    monkeypatch.setattr(int8, "_multiply", changed)
    assert not multiplies_int8.__wrapped__()


@has_int8
def test_multiplies_int8_says_no_where_sums_overflow(monkeypatch):
    real = int8._multiply
    monkeypatch.setattr(int8, "_multiply", lambda *arguments: real(*arguments).clamp(max=2.0**15))
    assert not multiplies_int8.__wrapped__()


@has_int8
def test_multiplies_int8_says_no_where_numbers_are_multiplied_one_by_one(monkeypatch):
    real = int8._seconds
    slow = {int8._multiply: 1e4}
    monkeypatch.setattr(int8, "_seconds", lambda work, *given: real(work, *given) * slow.get(work, 1.0))
    assert not multiplies_int8.__wrapped__()
