"""Transformer output without a transformer: by hand for one document, or from a stand-in encoder of a few lines."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab
from spacy_transformers.data_classes import FullTransformerBatch, TransformerData, WordpieceBatch
from spacy_transformers.layers._util import replace_listener
from spacy_transformers.layers.listener import TransformerListener
from spacy_transformers.layers.trfs2arrays import trfs2arrays
from spacy_transformers.pipeline_component import install_extensions
from thinc.api import Model, chain, reduce_mean
from thinc.types import Ragged
from transformers.modeling_outputs import BaseModelOutput

WIDTH = 4
# Segments of one document: how many pieces each token has. 0 is a token of spaces.
SHORT = [[1, 2]]
LONG = [[1, 2, 1], [3, 0, 1], [1]]
EMPTY: list[list[int]] = []


def make_output(segments: list[list[int]], *, seed: int = 0, segment_length: int = 0) -> TransformerData:
    """Random output of one document; the first piece of each row is aligned to no token."""
    if not segments:
        return TransformerData.empty()
    segment_length = max(segment_length, *(1 + sum(tokens) for tokens in segments))
    rows: list[int] = []
    for i, tokens in enumerate(segments):
        rows.extend(i * segment_length + 1 + place for place in range(sum(tokens)))
    hidden = numpy.random.default_rng(seed).normal(size=(len(segments), segment_length, WIDTH)).astype("float32")
    return TransformerData(
        wordpieces=WordpieceBatch.zeros([segment_length] * len(segments)),
        model_output=BaseModelOutput(last_hidden_state=hidden),
        align=Ragged(_ints(rows), _ints(n for tokens in segments for n in tokens)),
    )


def make_doc(segments: list[list[int]], *, seed: int = 0, output: TransformerData | None = None) -> Doc:
    """A document whose transformer has run."""
    install_extensions()
    doc = Doc(Vocab(), words=[f"word{i}" for tokens in segments for i, _ in enumerate(tokens)])
    doc._.trf_data = make_output(segments, seed=seed) if output is None else output
    return doc


def make_spans(*per_doc: list[list[int]]) -> Ragged:
    """Suggested spans of each document."""
    spans = [span for spans in per_doc for span in spans]
    return Ragged(_ints(spans).reshape((-1, 2)), _ints(len(spans) for spans in per_doc))


def _ints(values: Iterable[Any]) -> Any:
    """RETURNS (Ints1d | Ints2d): As thinc has them; numpy's type checks against none of thinc's."""
    return numpy.array(list(values), dtype="i")


def listener_tok2vec(*, grad_factor: float = 1.0, width: int | None = WIDTH) -> Model:
    """What `spacy-transformers.TransformerListener.v1` builds, told its width as `Transformer.add_listener` does."""
    listener = TransformerListener(upstream_name="*")
    if width is not None:
        listener.set_dim("nO", width)
    return chain(listener, trfs2arrays(reduce_mean(), grad_factor))


def stand_in_encoder(width: int = 16, tokens_per_segment: int = 6) -> Model[list[Doc], FullTransformerBatch]:
    """An encoder for the stock `transformer` component: a fixed random vector for each word, one piece a token."""
    table = numpy.random.default_rng(0).normal(size=(997, width)).astype("float32")
    length = 1 + tokens_per_segment

    def encode(doc: Doc) -> TransformerData:
        tokens = range(0, len(doc) if doc.text.strip() else 0, tokens_per_segment)
        data = make_output([[1] * len(doc[i : i + tokens_per_segment]) for i in tokens], segment_length=length)
        if tokens:
            hidden = numpy.zeros((len(tokens) * length, width), dtype="float32")
            hidden[data.align.dataXd] = table[[token.orth % 997 for token in doc]]
            hidden = hidden.reshape((len(tokens), length, width))
            hidden[:, 0] = hidden[:, 1:].max(axis=1)
            data.model_output = BaseModelOutput(last_hidden_state=hidden)
        return data

    def forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[FullTransformerBatch, Callable]:
        batch = FullTransformerBatch.empty(len(docs))
        batch.cached_doc_data = [encode(doc) for doc in docs]
        return batch, lambda d_batch: model.attrs["gradients"].append(d_batch) or []

    attrs = {"gradients": [], "replace_listener": replace_listener}
    return Model("stand_in_encoder", forward, dims={"nO": width}, attrs=attrs)
