"""The head of `hat_choice`: how well an option goes with a document.

pairs >> encoder >> pooling >> hidden >> output_layer >> a logit for each pair
"""

from collections.abc import Callable

from thinc.api import Linear, Model, zero_init
from thinc.types import Floats2d, Ragged

from ..choices import Leads, Pooling
from ..packing.pairs import Pair
from .finite import check_scores
from .hidden import hidden_layer
from .pair_encoder import check_encoder, pack, predict_rows, train_rows
from .pooling import document_pooling
from .trf_interface import FullTransformerBatch

NAME = "multiple_choice"
ARCHITECTURE = "spacy-hat.MultipleChoice.v1"
InT = list[Pair]
OutT = Floats2d


def multiple_choice(
    encoder: Model[list, FullTransformerBatch], *, leads: Leads, pooling: Pooling, dropout: float
) -> Model[InT, OutT]:
    """Score options.

    encoder (Model): The encoder, of this head alone.
    leads (Leads): What an option leads: each segment, or each window.
    pooling (Pooling): How segment vectors become one vector.
    dropout (float): Probability of a zero before the output, in training.
    RETURNS (Model[list[Pair], Floats2d]): From n_pairs pairs to logits (n_pairs, 1).
    RAISES (ValueError): If it is not an encoder of segments.
    """
    check_encoder(encoder, "segments", ARCHITECTURE)
    pooled = document_pooling(pooling)
    hidden = hidden_layer(dropout)
    output = Linear(nO=1, init_W=zero_init)
    return Model(
        NAME,
        forward,
        init=init,
        layers=[encoder, pooled, hidden, output],
        refs={"hidden": hidden, "output_layer": output},
        attrs={"leads": leads},
    )


def forward(model: Model[InT, OutT], pairs: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    encoder, pooling, hidden, output = model.layers
    packed = pack(encoder, pairs, model.attrs["leads"])
    backprop_encoder: Callable[[Floats2d], None] | None = None
    if is_train:
        vectors, backprop_encoder = train_rows(encoder, packed)
    else:
        width = encoder.get_dim("nO")
        vectors = model.ops.xp.concatenate([model.ops.alloc2f(0, width), *predict_rows(encoder, packed)])
    paired = Ragged(vectors, model.ops.asarray1i(packed.n_segments.tolist(), dtype="int32"))
    pooled, backprop_pooling = pooling(paired, is_train)
    features, backprop_hidden = hidden(pooled, is_train)
    logits, backprop_output = output(features, is_train)
    check_scores(logits, 1)

    def backprop(d_logits: OutT) -> InT:
        d_vectors = backprop_pooling(backprop_hidden(backprop_output(d_logits)))
        if backprop_encoder is not None:
            backprop_encoder(d_vectors.dataXd)
        return pairs

    return logits, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    """Load the encoder, which knows how wide it is."""
    encoder, pooling, hidden, output = model.layers
    encoder.initialize()
    width = encoder.get_dim("nO")
    pooling.initialize(X=Ragged(model.ops.alloc2f(1, width), model.ops.asarray1i([1], dtype="int32")))
    hidden.set_dim("nO", width)
    hidden.set_dim("nI", width)
    hidden.initialize()
    output.set_dim("nI", width)
    output.initialize()
