"""An encoder that reads documents together with questions or options: pairs in, rows of the encoder out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import Floats2d

from ..choices import Leads, Output
from ..machine.forks import use_one_thread_if_forked
from ..modeling import PackedInputs
from ..packing.pairs import PackedPairs, Pair, pack_pairs
from .hat_model import get_shim


def check_encoder(encoder: Model, output: Output, architecture: str) -> None:
    """Check what stands where the encoder of a head should stand.

    encoder (Model): It.
    output (Output): What it has to hand out.
    architecture (str): Of the head, for the error.
    RAISES (ValueError): If it is not a HAT, or hands out something else.
    """
    if encoder.name != "hat":
        raise ValueError(
            f"{architecture} reads documents with an encoder of its own. Got: a model {encoder.name!r} for it. "
            'Expected: @architectures = "spacy-hat.HATModel.v1" in [components.….model.encoder].'
        )
    if get_shim(encoder).output != output:
        raise ValueError(
            f"{architecture} reads {output}. Got: output = {get_shim(encoder).output!r} in its encoder. Expected: "
            f"{output!r}. Correct it in [components.….model.encoder]."
        )


def pack(encoder: Model, pairs: Sequence[Pair], leads: Leads) -> PackedPairs:
    """RETURNS (PackedPairs): Pairs as an encoder, which has its weights, reads them."""
    shim = get_shim(encoder)
    config = shim.encoder.config
    return pack_pairs(
        pairs,
        encoder.attrs["packer"],
        shim.tokenizer,
        leads=leads,
        segment_length=config.segment_length,
        max_segments=config.max_segments,
    )


def check_leads(head: Model, texts: Iterable[tuple[str, ...]]) -> None:
    """Check that questions and options leave room for a document, before a training stops at one of them.

    head (Model): With its encoder as its first layer, which has its weights.
    texts (Iterable[tuple[str, ...]]): What documents will be read with.
    RAISES (LongLeadError): If one is too long.
    """
    doc = Doc(Vocab(), words=["."], sent_starts=[1])
    for one in dict.fromkeys(texts):
        pack(head.layers[0], [Pair(one, doc)], head.attrs["leads"])


def predict_rows(encoder: Model, packed: PackedPairs) -> Iterator[Floats2d]:
    """Encode without gradient, in portions of bounded size.

    encoder (Model): A `hat` layer.
    packed (PackedPairs): The pairs.
    YIELDS (Floats2d): (rows of the portion, hidden_size); rows are pieces, or segments.
    """
    use_one_thread_if_forked()
    shim = get_shim(encoder)
    shim.free_memory.count(len(packed.piece_ids))
    for rows in shim.predict_portions(inputs_of(packed)):
        yield cast(Floats2d, torch2xp(rows))


def train_rows(encoder: Model, packed: PackedPairs) -> tuple[Floats2d, Callable[[Floats2d], None]]:
    """Encode, and keep what the gradient needs.

    encoder (Model): A `hat` layer.
    packed (PackedPairs): The pairs.
    RETURNS (tuple[Floats2d, Callable]): (n_rows, hidden_size), and a callback that takes its gradient.
    """
    hidden, backprop = get_shim(encoder).begin_update(inputs_of(packed))

    def backprop_rows(d_rows: Floats2d) -> None:
        backprop(xp2torch(d_rows).to(hidden.device))

    return cast(Floats2d, torch2xp(hidden)), backprop_rows


def inputs_of(packed: PackedPairs) -> PackedInputs:
    """RETURNS (PackedInputs): The same batch for the encoder."""
    return PackedInputs(packed.piece_ids, packed.segment_lengths, packed.window_lengths, packed.segment_positions)
