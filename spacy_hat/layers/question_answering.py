"""The head of `hat_qa`: where an answer starts and ends.

pairs >> encoder >> output_layer >> logits of each piece, as the first and as the last one of an answer
"""

from collections.abc import Callable
from dataclasses import dataclass

from thinc.api import Linear, Model, glorot_uniform_init
from thinc.types import Floats2d

from ..choices import Leads
from ..packing.pairs import PackedPairs, Pair
from .finite import check_scores
from .pair_encoder import check_encoder, pack, predict_rows, train_rows
from .trf_interface import FullTransformerBatch

NAME = "question_answering"
ARCHITECTURE = "spacy-hat.QuestionAnswering.v1"


@dataclass
class PieceLogits:
    """What the head says of a batch of pairs.

    packed (PackedPairs): Which row is what.
    logits (Floats2d): (n_pieces, 2) of each row, as the first and as the last piece of an answer; or their gradient.
    """

    packed: PackedPairs
    logits: Floats2d


InT = list[Pair]
OutT = PieceLogits


def question_answering(encoder: Model[list, FullTransformerBatch], *, leads: Leads) -> Model[InT, OutT]:
    """Score the pieces of documents as the first and last ones of answers.

    encoder (Model): The encoder, of this head alone.
    leads (Leads): What a question leads: each segment, or each window.
    RETURNS (Model[list[Pair], PieceLogits]): From n_pairs pairs to the logits of their pieces.
    RAISES (ValueError): If it is not an encoder of pieces.
    """
    check_encoder(encoder, "pieces", ARCHITECTURE)
    output = Linear(nO=2, init_W=glorot_uniform_init)
    return Model(
        NAME, forward, init=init, layers=[encoder, output], refs={"output_layer": output}, attrs={"leads": leads}
    )


def forward(model: Model[InT, OutT], pairs: InT, is_train: bool) -> tuple[OutT, Callable[[OutT], InT]]:
    encoder, output = model.layers
    packed = pack(encoder, pairs, model.attrs["leads"])

    if not is_train:
        parts = [output.predict(rows) for rows in predict_rows(encoder, packed)]
        logits = model.ops.xp.concatenate([model.ops.alloc2f(0, 2), *parts])
        check_scores(logits, 2)
        return PieceLogits(packed, logits), lambda _: pairs
    hidden, backprop_encoder = train_rows(encoder, packed)
    logits, backprop_output = output(hidden, is_train)
    check_scores(logits, 2)

    def backprop(d_logits: OutT) -> InT:
        backprop_encoder(backprop_output(d_logits.logits))
        return pairs

    return PieceLogits(packed, logits), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    """Load the encoder, which knows how wide it is."""
    encoder, output = model.layers
    encoder.initialize()
    output.set_dim("nI", encoder.get_dim("nO"))
    output.initialize()
