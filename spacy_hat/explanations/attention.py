"""Attention as an explanation: the weights by which an attentive head pools segments, shared out among their pieces."""

from typing import cast

import numpy as np
from thinc.api import Model
from thinc.types import Ragged

from ..layers.attentive_pooling import segment_weights
from ..layers.transformer_outputs import hidden_states
from .encoded import EncodedDocument
from .head import ExplainedHead


def find_attentive(head: ExplainedHead) -> Model | None:
    """RETURNS (Model | None): The head's attentive pooling; None if it pools otherwise, or labels spans."""
    return next((node for node in head.classifier.walk() if node.name == "attentive_pooling"), None)


def attention_shares(encoded: EncodedDocument) -> np.ndarray:
    """Weigh each piece of a document: its segment's weight, divided by the pieces that share it.

    encoded (EncodedDocument): A document, for a head with attentive pooling.
    RETURNS (ndarray): (n_pieces,) weights, 0 for classifier pieces; they sum to 1.
    """
    document = encoded.document
    pooling = find_attentive(encoded.head)
    assert pooling is not None  # for the type checker: the caller asked before
    data = encoded.cells(None).fill(encoded.output)
    ops = pooling.ops
    vectors = Ragged(hidden_states(data)[:, 0], ops.asarray1i([document.n_segments]))
    weights = cast(np.ndarray, ops.to_numpy(segment_weights(pooling, vectors)))[:, 0]
    shares = (weights / (document.packed.segment_lengths - 1))[document.row_segments]
    shares[document.first_rows] = 0.0
    return shares
