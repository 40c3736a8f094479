"""An encoder in another precision, for prediction."""

from copy import deepcopy
from functools import partial

import torch

from .dense import PreparedDense
from .int8 import Int8Dense, quantise_rows
from .kinds import AnyBlock
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


def _cast(block: AnyBlock, dtype: torch.dtype) -> None:
    block.self_attention.prepare(partial(PreparedDense, dtype=dtype))
    for product in block.products():
        product.replace(PreparedDense([product.layer], dtype))


def _quantise(block: AnyBlock, dtype: torch.dtype) -> None:
    """dtype (torch.dtype): Of queries, keys and values."""
    block.self_attention.prepare(partial(Int8Dense, dtype=dtype), quantise_rows)
    for product in block.products():
        product.replace(Int8Dense([product.layer], follows_gelu=product.follows_gelu))
