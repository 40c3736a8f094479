"""What the heads read of `TransformerData`, and the gradients that they hand back as such."""

from typing import cast

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
