"""Real text that says the same again and again: what NumPy's docstrings of its ufuncs have in common."""

from unittest import mock

import numpy as np
import spacy

from benchmarks.sizes import FIRST_WORD, Size
from benchmarks.timing import Work
from spacy_hat.modeling import PackedInputs, model
from spacy_hat.ragged import starts_of


def ufunc_docstrings(n_docs: int) -> list[str]:
    """RETURNS (list[str]): The first docstrings of NumPy's ufuncs, in the order of their names."""
    ufuncs = sorted((name, value) for name, value in vars(np).items() if isinstance(value, np.ufunc))
    return [value.__doc__ for name, value in ufuncs if value.__name__ == name][:n_docs]


def pack_sentences(size: Size, texts: list[str]) -> PackedInputs:
    """One segment a sentence. The tokens of a blank pipeline stand for pieces: what repeats, repeats.

    size (Size): Of the encoder.
    texts (list[str]): The documents.
    RETURNS (PackedInputs): The batch; sentences are cut at segment_length, documents at max_segments.
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    segments: list[list[int]] = []
    windows: list[int] = []
    for doc in nlp.pipe(texts):
        orths = [[token.orth for token in sent if not token.is_space] for sent in doc.sents]
        kept = [sent[: size.segment_length - 1] for sent in orths if sent][: size.n_segments]
        segments += [[0, *(FIRST_WORD + orth % (size.vocab_size - FIRST_WORD) for orth in sent)] for sent in kept]
        windows.append(len(kept))
    return PackedInputs(
        piece_ids=np.array([piece for segment in segments for piece in segment]),
        segment_lengths=np.array([len(segment) for segment in segments]),
        window_lengths=np.array(windows),
        segment_positions=np.concatenate([np.arange(length) for length in windows]),
    )


def made_distinct(size: Size, inputs: PackedInputs) -> PackedInputs:
    """RETURNS (PackedInputs): The same lengths, and no segment twice: other pieces, drawn at random."""
    pieces = np.random.default_rng(0).integers(FIRST_WORD, size.vocab_size, size=len(inputs.piece_ids))
    starts = starts_of(inputs.segment_lengths)
    pieces[starts] = inputs.piece_ids[starts]
    return PackedInputs(pieces, inputs.segment_lengths, inputs.window_lengths, inputs.segment_positions)


def repeated_share(inputs: PackedInputs) -> float:
    """RETURNS (float): The part of the pieces that stands in a segment which was there before."""
    ends = np.cumsum(inputs.segment_lengths)
    segments = [tuple(segment) for segment in np.split(inputs.piece_ids, ends[:-1])]
    return 1.0 - sum(map(len, set(segments))) / len(inputs.piece_ids)


def without_looking(work: Work) -> Work:
    """RETURNS (Work): The same, but nobody looks whether segments are the same."""

    def blindly() -> object:
        with mock.patch.object(model, "find_repeats", return_value=None):
            return work()

    return blindly
