"""The matrix products of an encoder on their own: the limit that this machine sets."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.sizes import Ints, Size
from benchmarks.timing import Work
from spacy_hat.modeling.dense import PreparedDense


def useful_flops(size: Size, lengths: Ints) -> float:
    """Multiplications and additions in the products of all segment-wise blocks, over real pieces alone.

    size (Size): Of the encoder.
    lengths (Ints): (n_segments,) pieces of each segment.
    RETURNS (float): The number of them.
    """
    width, inner = size.hidden_size, size.intermediate_size
    dense = int(lengths.sum()) * (4 * width * width + 2 * width * inner)
    attention = 2 * int((lengths**2).sum()) * width
    return 2.0 * size.n_layers * (dense + attention)


def bare_products(size: Size, dtype: torch.dtype) -> Work:
    """The products of an encoder on full segments, in its order and shapes, with nothing between them.

    Queries, keys and values in one product, two products of attention for all heads and segments, the output, and the
    two of the feed-forward half, each by the fastest kernel there is (benchmarks/dense.py) with its weights laid out
    beforehand. Each block has its own weights, as these do not fit into caches.

    size (Size): Of the encoder.
    dtype (torch.dtype): Precision.
    RETURNS (Work): Multiplies all of them once.
    """
    width, inner = size.hidden_size, size.intermediate_size
    heads = (size.n_segments * size.n_heads, size.segment_length)
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(dtype)

    def product(n_out: int, n_in: int) -> PreparedDense:
        return PreparedDense([nn.Linear(n_in, n_out)], dtype)

    rows, inner_rows = draw(size.n_pieces, width), draw(size.n_pieces, inner)
    query, weights = draw(*heads, width // size.n_heads), draw(*heads, size.segment_length)
    blocks = [
        [product(3 * width, width), product(width, width), product(inner, width), product(width, inner)]
        for _ in range(size.n_layers)
    ]
    products: list[Callable[[], Tensor]] = []
    for query_key_value, output, feed_in, feed_out in blocks:
        products += [
            partial(query_key_value, rows),
            lambda: torch.bmm(query, query.transpose(1, 2)),
            lambda: torch.bmm(weights, query),
            partial(output, rows),
            partial(feed_in, rows),
            partial(feed_out, inner_rows),
        ]

    def multiply() -> None:
        with torch.no_grad():
            for product in products:
                product()

    return multiply
