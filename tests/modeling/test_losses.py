"""The loss of a head, by the type of its labels."""

import pytest
import torch

from spacy_hat.modeling import HATConfig
from spacy_hat.modeling.losses import document_loss

LOGITS = torch.tensor([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]])


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_document_loss_takes_class_numbers_of_any_width(dtype):
    loss = document_loss(LOGITS, torch.tensor([0, 1], dtype=dtype), HATConfig(num_labels=3))
    expected = -torch.log_softmax(LOGITS, dim=-1)[[0, 1], [0, 1]].mean()
    torch.testing.assert_close(loss, expected)
