"""An encoder in another precision, for prediction."""

from copy import deepcopy
from functools import partial

import torch
from torch import nn

from .attention import PackedSelfAttention
from .block import AddAndNorm, FeedForwardIn, TransformerBlock
from .dense import PreparedDense
from .int8 import Int8Dense, quantise_rows
from .model import HATModel


def prepared(model: HATModel, dtype: torch.dtype, int8: bool = False) -> HATModel:
    """Make a copy whose matrix products run in another precision, with weights cast and laid out once.

    Embeddings, sums and layer norms stay as they are, and are shared with the model: what is copied is the weights of
    the products (in bfloat16, half of their size; in 8 bits, a quarter). Changes of the model's weights do not reach
    the copy.

    model (HATModel): The encoder.
    dtype (torch.dtype): Of the products.
    int8 (bool): Whether dense layers of segment-wise blocks are in 8 bits, on a CPU that `multiplies_int8`. Attention,
        and cross-segment blocks, which are a small part of the time, are in dtype.
    RETURNS (HATModel): A copy that can predict, on the same device, and nothing else.
    """
    shared = {id(tensor): tensor for tensor in model.parameters()}
    copy = deepcopy(model, shared).eval()
    for layer in copy.encoder.layers():
        if layer.sentence_encoder is not None:
            (_quantise if int8 else _cast)(layer.sentence_encoder, dtype)
        if layer.document_encoder is not None:
            _cast(layer.document_encoder, dtype)
    return copy


def _cast(block: TransformerBlock, dtype: torch.dtype) -> None:
    for module in list(block.modules()):
        if isinstance(module, PackedSelfAttention):
            module.prepare(partial(PreparedDense, dtype=dtype))
        elif isinstance(module, (AddAndNorm, FeedForwardIn)):
            module.dense = PreparedDense([module.dense], dtype)  # type: ignore[assignment]


def _quantise(block: TransformerBlock, dtype: torch.dtype) -> None:
    """dtype (torch.dtype): Of queries, keys and values."""
    block.attention.self.prepare(partial(Int8Dense, dtype=dtype), quantise_rows)
    follows_gelu = block.intermediate.activation is None
    _set(block.attention.output, Int8Dense([block.attention.output.dense]))
    _set(block.intermediate, Int8Dense([block.intermediate.dense]))
    _set(block.output, Int8Dense([block.output.dense], follows_gelu=follows_gelu))


def _set(half: AddAndNorm | FeedForwardIn, product: nn.Module) -> None:
    half.dense = product  # type: ignore[assignment]
