"""float16, bfloat16 and autocast: finite everywhere, whatever is padded."""

from typing import Any, get_args

import pytest
import torch

from spacy_hat.choices import PublishedPooling
from spacy_hat.modeling import HATForSequenceClassification

from ..support.tiny import MIDDLE_PADDED, TRAILING_PADDED, backward, encode, gradients, make_batch, tiny_model


def sharpen(model: Any) -> Any:
    """Scale queries and keys up, so that scores of a padded segment go far below zero."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".query." in name or ".key." in name:
                parameter.mul_(6)
    return model


@pytest.mark.parametrize("segment_lengths", [TRAILING_PADDED, MIDDLE_PADDED], ids=["trailing", "middle"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_low_precision_with_padded_segments_has_no_nan(model, settings, dtype, segment_lengths):
    output = encode(sharpen(model).to(dtype), make_batch(segment_lengths, settings))
    assert output.dtype == dtype
    assert torch.isfinite(output).all()


@pytest.mark.parametrize("pooling", get_args(PublishedPooling))
@pytest.mark.parametrize("pool_padding", [False, True], ids=["real_segments", "all_segments"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_low_precision_head_has_no_nan(settings, dtype, pool_padding, pooling):
    settings = {**settings, "pool_padding": pool_padding, "pooling": pooling}
    model = sharpen(tiny_model(HATForSequenceClassification, settings)).to(dtype)
    batch = make_batch([*TRAILING_PADDED, [0, 0, 0, 0]], settings)
    with torch.no_grad():
        assert torch.isfinite(model(**batch).logits).all()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float16, 0.05), (torch.bfloat16, 0.3)])
def test_low_precision_is_close_to_float32(model, settings, dtype, tolerance):
    batch = make_batch(TRAILING_PADDED, settings)
    expected = encode(model, batch)
    torch.testing.assert_close(encode(model.to(dtype), batch).float(), expected, rtol=0, atol=tolerance)


def test_autocast_gives_finite_gradients(model, settings):
    batch = make_batch(TRAILING_PADDED, settings)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = backward(model.train(), batch)
    assert all(torch.isfinite(gradient).all() for gradient in found.values())


@pytest.mark.parametrize("pooling", get_args(PublishedPooling))
def test_gradients_with_a_wholly_padded_document_are_finite(settings, pooling):
    model = tiny_model(HATForSequenceClassification, {**settings, "pooling": pooling}).train()
    batch = make_batch([[8, 3, 0], [0, 0, 0]], settings)
    model(**batch, labels=torch.tensor([0, 1])).loss.backward()
    assert all(torch.isfinite(gradient).all() for gradient in gradients(model).values())
