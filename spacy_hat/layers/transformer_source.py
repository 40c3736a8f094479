"""Where a head gets its encoder's output: the first layer of the `tok2vec` in its config.

[model.tok2vec] is       listener            >> trfs2arrays
or, once replaced,       (HATModel >> split) >> trfs2arrays
                         ^^^^^^^^^^^^^^^^^^^
                         list[Doc] -> list[TransformerData]: whole segments, where the rest pools a vector per token
"""

from collections.abc import Callable

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..machine.clock import stage
from .transformer_outputs import hidden_states, with_gradient
from .trf_interface import TransformerData, TransformerListener

InT = list[Doc]
OutT = list[TransformerData]
Tok2Vec = Model[list[Doc], list[Floats2d]]


def transformer_source(tok2vec: Tok2Vec) -> Model[InT, OutT]:
    """Read the transformer's output of each document, instead of one vector per token.

    The listener (or encoder) stays an ordinary node of the head's tree, so that spaCy finds it, links it and
    replaces it. The pooling of pieces to tokens in `tok2vec` is not used.

    tok2vec (Model[list[Doc], list[Floats2d]]): Made by `spacy-transformers.TransformerListener.v1` or
        `spacy-hat.HATTok2Vec.v1`.
    RETURNS (Model[list[Doc], list[TransformerData]]): The source; its dim nO is hidden_size, known once initialized.
    RAISES (ValueError): If tok2vec is anything else.
    """
    layers = tok2vec.layers
    if len(layers) != 2 or "grad_factor" not in layers[1].attrs:
        raise ValueError(
            "A spacy-hat head reads whole segments, which only a transformer has. "
            f"Got [model.tok2vec]: a layer named '{tok2vec.name}'. "
            'Expected: @architectures = "spacy-transformers.TransformerListener.v1", or "spacy-hat.HATTok2Vec.v1". '
            "Put one of them into the [model.tok2vec] section of this component."
        )
    return Model(
        "transformer_source",
        forward,
        init=init,
        layers=[layers[0]],
        dims={"nO": None},
        attrs={"grad_factor": float(layers[1].attrs["grad_factor"])},
    )


@stage("listener")
def forward(model: Model[InT, OutT], docs: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    encoder = model.layers[0]
    grad_factor = model.attrs["grad_factor"]
    if isinstance(encoder, TransformerListener) and not is_train:
        # In training the listener itself raises. At prediction it would answer zeros, which a head would classify.
        _require_output(docs, encoder.upstream_name)
    outputs, backprop_encoder = encoder(docs, is_train)

    def backprop(d_outputs: OutT) -> InT:
        # A batch in which no document has output: stock transformers cannot take an empty list.
        if not d_outputs:
            return []
        if grad_factor == 0.0 and not isinstance(encoder, TransformerListener):
            # A gradient of zeros would still have the optimizer decay the weights of this head's own encoder.
            return docs
        if grad_factor != 1.0:
            d_outputs = [with_gradient(d, hidden_states(d) * grad_factor) for d in d_outputs]
        return backprop_encoder(d_outputs)

    return outputs, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    """Find the width, without running the encoder: listeners have nothing to hand out yet."""
    encoder = model.layers[0]
    encoder.initialize()
    # A listener is told its width by the transformer component; a replaced one is a chain, which does not know its own.
    widths = [node.get_dim("nO") for node in encoder.walk() if node.has_dim("nO")]
    if not widths:
        raise ValueError(
            "A spacy-hat head cannot be initialized, as its [model.tok2vec] does not know its width: "
            "got no width, expected that of a `transformer` or `hat` component earlier in the pipeline. "
            "Put that component before this one (`upstream` of [model.tok2vec] must be its name, or '*'). If it is one "
            "of frozen_components of [training], it was never initialized: source it from a trained pipeline, or "
            'freeze it with transformer_config = {"frozen_blocks": N} instead, N being its number of blocks.'
        )
    model.set_dim("nO", widths[0])


def _require_output(docs: InT, upstream_name: str) -> None:
    installed = Doc.has_extension("trf_data")
    for i, doc in enumerate(docs):
        if len(doc) and not (installed and doc._.trf_data is not None):
            wanted = "`transformer` or `hat` component" if upstream_name == "*" else f"component '{upstream_name}'"
            raise ValueError(
                f"No transformer output for document {i} of the batch ({doc[:5].text!r}...). "
                f"Got doc._.trf_data: None. Expected: the output of a {wanted} that ran before this one. "
                "Is it disabled or excluded, does it stand after this component, or does a `doc_cleaner` between "
                "the two clear `_.trf_data`?"
            )
