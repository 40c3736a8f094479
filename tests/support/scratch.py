"""A HAT from nothing but a few texts."""

from collections.abc import Sequence
from typing import Any

from spacy_hat.modeling.start.scratch import start_from_scratch
from spacy_hat.modeling.start.warm import WarmStart

TEXTS = ["the court held that the appeal was dismissed", "costs follow the court", "the appeal was read whole"] * 3
SIZES: dict[str, Any] = {
    "layout": "S|SD",
    "segment_length": 16,
    "max_segments": 6,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 300,
}


def start(texts: Sequence[str] = TEXTS, **settings: Any) -> WarmStart:
    """RETURNS (WarmStart): A HAT of the texts, with other sizes than those here if asked for."""
    return start_from_scratch(texts, name="corpus", **{**SIZES, **settings})
