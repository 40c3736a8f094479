"""What the heads read of `TransformerData`, and the gradients that they hand back as such."""

from typing import cast

from spacy.tokens import Doc
from thinc.types import Floats3d
from transformers.file_utils import ModelOutput
from transformers.modeling_outputs import BaseModelOutput

from .segment_data import alignment
from .trf_interface import TransformerData


def has_output(data: TransformerData) -> bool:
    """Whether the encoder made a row for this document at all.

    An empty document, or one of spaces only, has no `last_hidden_state`; a listener without upstream makes
    up one of length 0 for an empty document.

    data (TransformerData): What the transformer says of one document.
    RETURNS (bool): True if there is at least one vector.
    """
    return "last_hidden_state" in data.model_output and hidden_states(data).size > 0


def hidden_states(data: TransformerData) -> Floats3d:
    """The vectors of one document that has output.

    data (TransformerData): What the transformer says of one document.
    RETURNS (Floats3d): Shape (n_segments, segment_length, hidden_size).
    """
    return cast(Floats3d, cast(BaseModelOutput, data.model_output).last_hidden_state)


def with_gradient(data: TransformerData, d_hidden: Floats3d) -> TransformerData:
    """The gradient of one document's output, in the form that `Transformer.update` adds up.

    data (TransformerData): The output that the gradient is of.
    d_hidden (Floats3d): Shape (n_segments, segment_length, hidden_size).
    RETURNS (TransformerData): The same pieces and alignment around the gradient.
    """
    return TransformerData(
        wordpieces=data.wordpieces,
        model_output=ModelOutput(last_hidden_state=d_hidden),
        align=alignment(data),
    )


def check_tokens(docs: list[Doc], outputs: list[TransformerData]) -> None:
    """Check that documents still have the tokens that the encoder saw, before vectors are looked up by token.

    docs (list[Doc]): The documents.
    outputs (list[TransformerData]): What the transformer said of each.
    RAISES (ValueError): If tokens were merged or split since.
    """
    for doc, data in zip(docs, outputs, strict=True):
        n_seen = len(alignment(data).lengths)
        if has_output(data) and n_seen != len(doc):
            raise ValueError(
                f"The tokens of document {doc[:5].text!r}... changed after the encoder had read it. Got: {len(doc):,} "
                f"tokens. Expected: the {n_seen:,} that it read, since spans are looked up in its output by token. Put "
                "components that merge or split tokens (merge_entities, merge_noun_chunks, merge_subtokens, "
                "token_splitter, a retokenizer of your own) before the encoder."
            )
