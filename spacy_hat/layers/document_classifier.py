"""The head for whole documents: textcat and textcat_multilabel.

docs >> transformer_source >> segment_vectors >> pooling >> hidden >> output_layer >> scores
        '---- source ----'    '------------------------ classifier -----------------------'
"""

from collections.abc import Callable

from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.layers.resizable import resize_model
from thinc.types import Floats2d

from ..choices import Pooling
from .hidden import hidden_layer
from .output import output_layer, scores
from .pooling import document_pooling
from .segment_vectors import segment_vectors
from .transformer_source import transformer_source
from .trf_interface import TransformerData

InT = list[Doc]
OutT = Floats2d


def document_classifier(
    tok2vec: Model[list[Doc], list[Floats2d]],
    *,
    pooling: Pooling = "max",
    exclusive_classes: bool,
    dropout: float = 0.1,
    nO: int | None = None,
) -> Model[InT, OutT]:
    """Classify documents by all of their segments.

    tok2vec (Model[list[Doc], list[Floats2d]]): A listener to the transformer, or the encoder itself.
    pooling (Pooling): How segment vectors become one vector.
    exclusive_classes (bool): One label a document (textcat) or any number (textcat_multilabel).
    dropout (float): Probability of a zero before the output, in training.
    nO (int | None): n_labels; inferred if None.
    RETURNS (Model[list[Doc], Floats2d]): From n_docs documents to scores (n_docs, n_labels).
    """
    source = transformer_source(tok2vec)
    hidden = hidden_layer(dropout)
    growing = output_layer(nO)
    classifier: Model[list[TransformerData], Floats2d] = chain(
        segment_vectors(), document_pooling(pooling), hidden, growing, scores(exclusive_classes)
    )
    return Model(
        "document_classifier",
        forward,
        init=init,
        layers=[source, classifier],
        dims={"nO": nO},
        refs={"hidden": hidden, "growing": growing, "output_layer": growing.layers[0]},
        attrs={"multi_label": not exclusive_classes, "resize_output": resize_output},
    )


def forward(model: Model[InT, OutT], docs: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    """Score documents. One without tokens scores 0, as in spaCy's textcat when no document of a batch has any."""
    source, classifier = model.layers[:2]
    outputs, backprop_source = source(docs, is_train)
    scored, backprop_classifier = classifier(outputs, is_train)
    has_tokens = model.ops.asarray2f([[float(len(doc) > 0)] for doc in docs])

    def backprop(d_scores: OutT) -> InT:
        return backprop_source(backprop_classifier(d_scores * has_tokens))

    return scored * has_tokens, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    """Infer the sizes from one made-up segment: the documents have no transformer output yet."""
    if isinstance(X, tuple):
        raise ValueError(
            "spacy-hat.DocumentClassifier.v1 labels documents. Got: documents with spans, from a span categorizer. "
            "Expected: `textcat` or `textcat_multilabel` around it. Set @architectures in the [model] section of this "
            'component to "spacy-hat.SpanClassifier.v1".'
        )
    source, classifier = model.layers[:2]
    source.initialize(X=X)
    width = source.get_dim("nO")
    model.get_ref("hidden").set_dim("nO", width)
    classifier.initialize(X=[TransformerData.zeros(1, width, xp=model.ops.xp)], Y=Y)
    model.set_dim("nO", model.get_ref("output_layer").get_dim("nO"))


def resize_output(model: Model[InT, OutT], n_labels: int) -> Model[InT, OutT]:
    """Make room for more labels; those there keep their weights. Called by textcat's `add_label`.

    model (Model[list[Doc], Floats2d]): A document classifier.
    n_labels (int): The new number of labels.
    RETURNS (Model[list[Doc], Floats2d]): The same model.
    """
    growing = resize_model(model.get_ref("growing"), n_labels)
    model.set_ref("output_layer", growing.layers[0])
    model.set_dim("nO", n_labels, force=True)
    return model
