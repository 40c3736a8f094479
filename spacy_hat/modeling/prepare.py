"""An encoder in another precision, for prediction."""

from copy import deepcopy

import torch

from .attention import PackedSelfAttention
from .block import AddAndNorm, FeedForwardIn
from .dense import PreparedDense
from .model import HATModel


def prepared(model: HATModel, dtype: torch.dtype) -> HATModel:
    """Make a copy whose matrix products run in another precision, with weights cast and laid out once.

    Embeddings, sums and layer norms stay as they are, and are shared with the model: what is copied is the weights of
    the products (in bfloat16, half of their size). Changes of the model's weights do not reach the copy.

    model (HATModel): The encoder.
    dtype (torch.dtype): Of the products.
    RETURNS (HATModel): A copy that can predict, on the same device, and nothing else.
    """
    shared = {id(tensor): tensor for tensor in model.parameters()}
    copy = deepcopy(model, shared).eval()
    for module in list(copy.modules()):
        if isinstance(module, PackedSelfAttention):
            module.prepare(dtype)
        elif isinstance(module, (AddAndNorm, FeedForwardIn)):
            module.dense = PreparedDense([module.dense], dtype)  # type: ignore[assignment]
    return copy
