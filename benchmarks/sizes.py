"""Sizes of the encoders that are compared, and the segments that they read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_hat.modeling import HATConfig, PackedInputs
from spacy_hat.ragged import starts_of

Ints = NDArray[np.int64]
ADHOC = "adhoc-hierarchical-transformer-base-4096"
BOS, PAD, FIRST_WORD = 0, 1, 5


@dataclass(frozen=True)
class Size:
    """One size for all encoders: the same blocks, as many of them, over the same words.

    hidden_size, n_layers, n_heads, intermediate_size, vocab_size (int): As Hugging Face has them.
    n_segments, segment_length (int): Of the full document; their product is its pieces.
    attention_window (int): Longformer's.
    """

    hidden_size: int
    n_layers: int
    n_heads: int
    intermediate_size: int
    vocab_size: int
    n_segments: int = 32
    segment_length: int = 128
    attention_window: int = 512

    @property
    def n_pieces(self) -> int:
        """RETURNS (int): Pieces of the full document."""
        return self.n_segments * self.segment_length

    def shared(self) -> dict[str, int]:
        """RETURNS (dict[str, int]): What the configuration of every encoder calls by the same name."""
        return {
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "num_attention_heads": self.n_heads,
            "intermediate_size": self.intermediate_size,
        }

    def hat(self, layout: str) -> HATConfig:
        """RETURNS (HATConfig): A HAT of this size."""
        return HATConfig(
            vocab_size=self.vocab_size,
            hidden_size=self.hidden_size,
            num_attention_heads=self.n_heads,
            intermediate_size=self.intermediate_size,
            layout=layout,
            segment_length=self.segment_length,
            max_segments=self.n_segments,
            document_position_embeddings=True,
        )

    def segment_wise(self) -> str:
        """RETURNS (str): The layout that is RoBERTa, segment by segment."""
        return "|".join(["S"] * self.n_layers)


BASE = Size(768, 12, 12, 3072, 50_265)
MINILM = Size(384, 6, 12, 1536, 30_522)
QUICK = Size(32, 2, 2, 64, 500, n_segments=8, segment_length=16, attention_window=8)


def full_lengths(size: Size) -> Ints:
    """RETURNS (Ints): (n_segments,) of segments that are all full."""
    return np.full(size.n_segments, size.segment_length)


def sentence_lengths(size: Size) -> Ints:
    """As many ordinary sentences as there are full segments, one a segment.

    A gamma distribution of shape 3 and mean 28.7 pieces (at a segment_length of 128), and the classifier piece: its
    quantiles, evenly spaced, in a fixed random order, so that their sum owes nothing to chance. 32 are 948 pieces.

    size (Size): Of the encoders.
    RETURNS (Ints): (n_segments,) pieces of each segment.
    """
    rng = np.random.default_rng(0)
    mean = 28.7 / 128 * size.segment_length
    drawn = rng.gamma(3.0, mean / 3.0, size=100_000)
    quantiles = np.quantile(drawn, (np.arange(size.n_segments) + 0.5) / size.n_segments)
    lengths = np.clip(np.rint(quantiles).astype(np.int64), 1, size.segment_length - 1) + 1
    return rng.permutation(lengths)


def random_pieces(size: Size, lengths: Ints) -> PackedInputs:
    """RETURNS (PackedInputs): One document of segments of random pieces, all different."""
    pieces = np.random.default_rng(0).integers(FIRST_WORD, size.vocab_size, size=int(lengths.sum()))
    return pack(pieces, lengths)


def pack(pieces: Ints, lengths: Ints) -> PackedInputs:
    """RETURNS (PackedInputs): One document; the first piece of each segment becomes the classifier piece."""
    pieces = pieces.copy()
    pieces[starts_of(lengths)] = BOS
    return PackedInputs(pieces, lengths, np.array([len(lengths)]), np.arange(len(lengths)))


def pad(inputs: PackedInputs, width: int) -> tuple[Ints, Ints]:
    """RETURNS (tuple[Ints, Ints]): (n_segments, width) pieces, and 1 where there is one."""
    real = np.arange(width) < inputs.segment_lengths[:, None]
    ids = np.full(real.shape, PAD)
    ids[real] = inputs.piece_ids
    return ids, real.astype(np.int64)
