"""What a document keeps with `output = "segments"`: a vector for each segment, and none for its tokens."""

from typing import Any

import numpy as np
from thinc.types import Ragged

from ..packing import PackedDocs
from .trf_interface import TransformerData


class SegmentData(TransformerData):
    """The output of one document, one row of one vector per segment: `last_hidden_state` (n_segments, 1, hidden_size).

    What wants a vector for each token asks for `align`, and is told that there are none; the heads of this package read
    `token_segments`. Serialised, it becomes ordinary TransformerData, aligned from tokens to segments: the heads read
    that too.

    token_segments (Ragged): The segments that each token has pieces in; data (sum of lengths,), lengths (n_tokens,).
        One for almost every token, none for spaces, several for a token that is cut.
    """

    token_segments: Ragged

    @property
    def align(self) -> Ragged:
        """RAISES (ValueError): Always, if read. Set, it is `token_segments`."""
        raise ValueError(
            "This component needs a vector for each token, but its transformer keeps one for each segment. "
            'Got: output = "segments" in the config of the encoder. Expected: output = "pieces". '
            "Set it in [components.transformer.model] (or in [model.tok2vec] of the component, if its listener was "
            "replaced), or use a head that reads segments: spacy-hat.DocumentClassifier.v1 or "
            "spacy-hat.SpanClassifier.v1."
        )

    @align.setter
    def align(self, token_segments: Ragged) -> None:
        self.token_segments = token_segments

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): What `TransformerData.from_dict` reads."""
        return TransformerData(self.wordpieces, self.model_output, self.token_segments).to_dict()

    def __repr__(self) -> str:
        return f"SegmentData(model_output={self.model_output!r}, token_segments={self.token_segments!r})"


def alignment(data: TransformerData) -> Ragged:
    """Which rows of the output, flattened to vectors, each token has.

    data (TransformerData): The output of one document.
    RETURNS (Ragged): Data (sum of lengths,), lengths (n_tokens,).
    """
    return data.token_segments if isinstance(data, SegmentData) else data.align


def align_segments(packed: PackedDocs) -> tuple[np.ndarray, np.ndarray]:
    """Find the segments of each token.

    packed (PackedDocs): The batch.
    RETURNS (tuple[ndarray, ndarray]): The distinct segments of all tokens, token after token, and (n_tokens,) how many
        each token has.
    """
    segment_ends = np.cumsum(packed.segment_lengths)
    segments = np.searchsorted(segment_ends, packed.align_rows, side="right")
    return distinct_segments(segments, packed.align_lengths)


def distinct_segments(segments: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Name each segment of a token once.

    segments (ndarray): (sum of lengths,) the segment of each piece of each token, token after token.
    lengths (ndarray): (n_tokens,) how many pieces each token has.
    RETURNS (tuple[ndarray, ndarray]): The distinct segments, token after token, and (n_tokens,) how many each has.
    """
    tokens = np.repeat(np.arange(len(lengths)), lengths)
    # The pieces of a token are in reading order, and so are the segments that they stand in.
    is_new = np.ones(len(segments), dtype=bool)
    is_new[1:] = (segments[1:] != segments[:-1]) | (tokens[1:] != tokens[:-1])
    return segments[is_new], np.bincount(tokens[is_new], minlength=len(lengths))
