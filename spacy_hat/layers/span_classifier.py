"""The head for spans in the context of their document: spancat and spancat_singlelabel.

docs  >> transformer_source --.
                              |-- span_vectors >> hidden >> output_layer >> scores
spans ------------------------'   '----------------- classifier -----------------'
"""

from collections.abc import Callable

from spacy.tokens import Doc
from thinc.api import Model, chain, with_getitem
from thinc.types import Floats2d, Ragged

from .hidden import hidden_layer
from .output import output_layer, scores
from .span_vectors import span_vectors
from .transformer_outputs import check_tokens
from .transformer_source import transformer_source
from .trf_interface import TransformerData

InT = tuple[list[Doc], Ragged]
OutT = Floats2d


def span_classifier(
    tok2vec: Model[list[Doc], list[Floats2d]],
    *,
    exclusive_classes: bool,
    dropout: float = 0.1,
    nO: int | None = None,
) -> Model[InT, OutT]:
    """Classify the spans of any suggester.

    There is no `resize_output`: spancat never calls it, and raises on a label added later where it is missing.

    tok2vec (Model[list[Doc], list[Floats2d]]): A listener to the transformer, or the encoder itself.
    exclusive_classes (bool): One label a span (spancat_singlelabel) or any number (spancat).
    dropout (float): Probability of a zero before the output, in training.
    nO (int | None): n_labels, with the negative label of spancat_singlelabel; inferred if None.
    RETURNS (Model[tuple[list[Doc], Ragged], Floats2d]): From n_docs documents and their spans, a Ragged of (n_spans, 2)
        first tokens and tokens past the last, to scores (n_spans, n_labels).
    """
    source = transformer_source(tok2vec)
    hidden = hidden_layer(dropout)
    output = output_layer(nO)
    classifier: Model[tuple[list[TransformerData], Ragged], Floats2d] = chain(
        span_vectors(), hidden, output, scores(exclusive_classes)
    )
    return Model(
        "span_classifier",
        forward,
        init=init,
        layers=[with_getitem(0, source), classifier],
        dims={"nO": nO},
        refs={"source": source, "hidden": hidden, "output_layer": output.layers[0]},
    )


def forward(model: Model[InT, OutT], X: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    """Score spans, once it is sure that the encoder saw the tokens that they are made of."""
    source, classifier = model.layers
    (outputs, spans), backprop_source = source(X, is_train)
    check_tokens(X[0], outputs)
    scored, backprop_classifier = classifier((outputs, spans), is_train)

    def backprop(d_scores: OutT) -> InT:
        return backprop_source(backprop_classifier(d_scores))

    return scored, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    init_spans(model, X, Y, name="spacy-hat.SpanClassifier.v1", components="`spancat` or `spancat_singlelabel`")


def init_spans(model: Model[InT, OutT], X: InT | None, Y: OutT | None, *, name: str, components: str) -> None:
    """Infer the sizes of a span head from one made-up segment and span: the documents have no transformer output yet.

    model (Model[tuple[list[Doc], Ragged], Floats2d]): Documents are read by its ref `source`, and classified by its
        second layer.
    X (tuple[list[Doc], Ragged] | None): Documents and spans.
    Y (Floats2d | None): (n_spans, n_labels).
    name (str): Of the architecture, for the error.
    components (str): Those that it is for.
    RAISES (ValueError): If there are documents without spans, as around a text categorizer.
    """
    if X is not None and not isinstance(X, tuple):
        raise ValueError(
            f"{name} labels spans. Got: documents without spans, from a text categorizer. "
            f"Expected: {components} around it. Set @architectures in the [model] section of this "
            'component to "spacy-hat.DocumentClassifier.v1".'
        )
    source, classifier = model.get_ref("source"), model.layers[1]
    source.initialize(X=X[0] if X is not None else None)
    width = source.get_dim("nO")
    model.get_ref("hidden").set_dim("nO", width)
    output = TransformerData.zeros(1, width, xp=model.ops.xp)
    span = Ragged(model.ops.asarray2i([[0, 1]]), model.ops.asarray1i([1]))
    classifier.initialize(X=([output], span), Y=Y)
    model.set_dim("nO", model.get_ref("output_layer").get_dim("nO"))
