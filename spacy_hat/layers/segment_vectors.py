"""Segment vectors: the vector of each segment's first piece, document after document."""

from collections.abc import Callable

from thinc.api import Model
from thinc.types import Ragged

from .transformer_outputs import has_output, hidden_states, with_gradient
from .trf_interface import TransformerData

InT = list[TransformerData]
OutT = Ragged


def segment_vectors() -> Model[InT, OutT]:
    """Take position 0 of each segment.

    RETURNS (Model[list[TransformerData], Ragged]): From n_docs outputs of shape (n_segments, segment_length,
        hidden_size) to one Ragged: data (segments of all documents, hidden_size), lengths (n_docs,); 0 for a document
        without output. Its gradient is a list without those documents, as `Transformer.update` expects it.
    """
    return Model("segment_vectors", forward, init=init, dims={"nO": None})


def forward(model: Model[InT, OutT], outputs: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    ops = model.ops
    present = [data for data in outputs if has_output(data)]
    if present:
        vectors = ops.xp.concatenate([hidden_states(data)[:, 0] for data in present])
    else:
        vectors = ops.alloc2f(0, model.get_dim("nO"))
    lengths = ops.asarray1i([len(hidden_states(data)) if has_output(data) else 0 for data in outputs])

    def backprop(d_vectors: OutT) -> InT:
        d_outputs = []
        end = 0
        for data in present:
            hidden = hidden_states(data)
            start, end = end, end + len(hidden)
            d_hidden = ops.alloc(hidden.shape, dtype=hidden.dtype)
            d_hidden[:, 0] = d_vectors.dataXd[start:end]
            d_outputs.append(with_gradient(data, d_hidden))
        return d_outputs

    return Ragged(vectors, lengths), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    # The width must be known for batches in which no document has output.
    if X:
        model.set_dim("nO", X[0].width)
