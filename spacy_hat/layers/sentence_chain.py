"""The head for sentences, or other units, that follow each other: spancat_singlelabel.

docs  >> transformer_source --.
                              |-- span_sequences [>> recurrent] >> hidden >> output_layer >> linear_chain
spans ------------------------'   '---------------------------- classifier ----------------------------'
"""

from collections.abc import Callable
from typing import Any, cast

from spacy.tokens import Doc
from thinc.api import Model, chain, with_array, with_getitem
from thinc.types import Floats2d, Ragged

from .hidden import hidden_layer
from .linear_chain import linear_chain
from .output import output_layer
from .recurrent import recurrent
from .span_classifier import forward as forward_spans
from .span_classifier import init_spans
from .span_sequences import check_order, span_sequences
from .transformer_outputs import check_tokens
from .transformer_source import transformer_source
from .trf_interface import TransformerData

InT = tuple[list[Doc], Ragged]
OutT = Floats2d


def sentence_chain(
    tok2vec: Model[list[Doc], list[Floats2d]],
    *,
    dropout: float = 0.1,
    recurrent_width: int = 0,
    nO: int | None = None,
) -> Model[InT, OutT]:
    """Classify the spans of a document together, each in view of the labels of those around it.

    There is no `resize_output`: spancat_singlelabel never calls it, and raises on a label added later.

    tok2vec (Model[list[Doc], list[Floats2d]]): A listener to the transformer, or the encoder itself.
    dropout (float): Probability of a zero before the output, in training.
    recurrent_width (int): Of each direction of an LSTM over the spans; 0: none.
    nO (int | None): n_labels, with the negative label; inferred if None.
    RETURNS (Model[tuple[list[Doc], Ragged], Floats2d]): From n_docs documents and their spans, a Ragged of (n_spans, 2)
        first tokens and tokens past the last, to marginals (n_spans, n_labels).
    """
    hidden, output = hidden_layer(dropout), output_layer(nO)
    on_each: Model[Floats2d, Floats2d] = chain(hidden, output)
    between = [recurrent(recurrent_width)] if recurrent_width else []
    return _head(transformer_source(tok2vec), [span_sequences(), *between, with_array(on_each)], hidden, output, nO)


def with_chain(head: Model[InT, OutT]) -> Model[InT, OutT]:
    """Put a chain on a trained span classifier. It shares its layers, and starts with the same scores.

    head (Model[tuple[list[Doc], Ragged], Floats2d]): Made by `span_classifier`, with exclusive classes.
    RETURNS (Model[tuple[list[Doc], Ragged], Floats2d]): The head, its chain without weights.
    """
    vectors, hidden, output, _ = head.layers[1].layers
    on_each: Model[Floats2d, Floats2d] = chain(hidden, output)
    layers = [span_sequences(vectors), with_array(on_each)]
    chained = _head(head.get_ref("source"), layers, hidden, output, head.get_dim("nO"))
    chained.get_ref("linear_chain").initialize()
    return chained


def emissions(head: Model[InT, OutT], docs: list[Doc], spans: Ragged) -> Floats2d:
    """What a span head makes of each span before a chain or softmax makes scores of it.

    head (Model[tuple[list[Doc], Ragged], Floats2d]): Made by `sentence_chain` or `span_classifier`.
    docs (list[Doc]): n_docs documents, read by the encoder.
    spans (Ragged): Their (n_spans, 2) first tokens and tokens past the last.
    RETURNS (Floats2d): (n_spans, n_labels).
    """
    outputs = head.get_ref("source").predict(docs)
    check_tokens(docs, outputs)
    found: Any = (outputs, spans)
    for layer in head.layers[1].layers[:-1]:
        found = layer.predict(found)
    return cast(Floats2d, found.dataXd if isinstance(found, Ragged) else found)


def _head(
    source: Model, layers: list[Model], hidden: Model, output: Model[Floats2d, Floats2d], nO: int | None
) -> Model[InT, OutT]:
    labels = linear_chain(nO)
    classifier: Model[tuple[list[TransformerData], Ragged], Floats2d] = chain(*layers, labels)
    return Model(
        "sentence_chain",
        forward,
        init=init,
        layers=[with_getitem(0, source), classifier],
        dims={"nO": nO},
        refs={"source": source, "hidden": hidden, "output_layer": output.layers[0], "linear_chain": labels},
    )


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    """Score spans together, once it is sure that they follow each other."""
    check_order(*X, model.ops.to_numpy)
    return forward_spans(model, X, is_train)


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    init_spans(model, X, Y, name="spacy-hat.SentenceChain.v1", components="`spancat_singlelabel`")
