import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_hat.packing.pieces import Pieces
from spacy_hat.packing.segments import segment_bounds

PACKINGS = ["sentences", "greedy", "fixed"]


def make_pieces(token_counts):
    """Pieces of which none is shared by two tokens."""
    counts = np.array(token_counts, dtype=np.int64)
    tokens = np.repeat(np.arange(len(counts)), counts)
    return Pieces(
        ids=np.arange(len(tokens)),
        piece_tokens=np.stack([tokens, tokens + 1], axis=1),
        token_first=np.cumsum(counts) - counts,
        token_counts=counts,
    )


def bounds_of(sentences, packing, capacity):
    """Segment bounds for sentences given as lists of the piece counts of their tokens."""
    sentence_starts = np.cumsum([0, *(len(sentence) for sentence in sentences)])[:-1]
    pieces = make_pieces([count for sentence in sentences for count in sentence])
    return segment_bounds(pieces, sentence_starts, packing=packing, capacity=capacity).tolist()


def slowly_bounded(sentences, packing, capacity):
    """The same by filling segments one token at a time."""
    lengths, room = [], 0

    def add(count):
        nonlocal room
        if count > room:
            lengths.append(0)
            room = capacity
        lengths[-1] += min(count, room)
        left = count - room
        room = max(room - count, 0)
        if left > 0:
            add(left)

    for sentence in sentences:
        if packing == "sentences" or sum(sentence) > room:
            room = 0
        for count in [sum(sentence)] if sum(sentence) <= capacity else sentence:
            if count:
                add(count)
    return np.cumsum([0, *lengths]).tolist()


@st.composite
def documents(draw):
    """Sentences of lengths likely to go wrong, as lists of the piece counts of their tokens, and a capacity."""
    capacity = draw(st.integers(1, 9))
    lengths = [0, 1, 2, capacity - 1, capacity, capacity + 1, 10 * capacity]
    sentences = []
    for length in draw(st.lists(st.sampled_from(lengths), max_size=8)):
        cuts = draw(st.lists(st.integers(0, length), max_size=length))
        sentences.append(np.diff([0, *sorted(cuts), length]).tolist())
    return sentences, capacity


@settings(deadline=None)
@given(document=documents(), packing=st.sampled_from(PACKINGS))
def test_segment_bounds_conserve_pieces_within_capacity(document, packing):
    sentences, capacity = document
    bounds = bounds_of(sentences, packing, capacity)
    assert bounds[0] == 0
    assert bounds[-1] == sum(map(sum, sentences))
    assert all(0 < length <= capacity for length in np.diff(bounds))


@settings(deadline=None)
@given(document=documents(), packing=st.sampled_from(["sentences", "greedy"]))
def test_segment_bounds_never_cut_a_sentence_that_fits(document, packing):
    sentences, capacity = document
    bounds = bounds_of(sentences, packing, capacity)
    ends = np.cumsum([sum(sentence) for sentence in sentences])
    for sentence, end in zip(sentences, ends, strict=True):
        if sum(sentence) <= capacity:
            assert not any(end - sum(sentence) < bound < end for bound in bounds)


@settings(deadline=None)
@given(document=documents(), packing=st.sampled_from(["sentences", "greedy"]))
def test_segment_bounds_never_cut_a_token_that_fits(document, packing):
    sentences, capacity = document
    bounds = bounds_of(sentences, packing, capacity)
    counts = [count for sentence in sentences for count in sentence]
    for count, end in zip(counts, np.cumsum(counts), strict=True):
        if count <= capacity:
            assert not any(end - count < bound < end for bound in bounds)


@settings(deadline=None)
@given(document=documents(), packing=st.sampled_from(["sentences", "greedy"]))
def test_segment_bounds_are_those_of_filling_token_by_token(document, packing):
    sentences, capacity = document
    assert bounds_of(sentences, packing, capacity) == slowly_bounded(sentences, packing, capacity)


@settings(deadline=None)
@given(document=documents())
def test_segment_bounds_fixed_fills_all_segments_but_the_last(document):
    sentences, capacity = document
    lengths = np.diff(bounds_of(sentences, "fixed", capacity))
    assert (lengths[:-1] == capacity).all()


@pytest.mark.parametrize(
    ("sentences", "capacity", "packing", "bounds"),
    [
        # The picture in the module, one piece per token.
        ([[1] * 3, [1] * 2, [1] * 7, [1] * 2], 6, "sentences", [0, 3, 5, 11, 12, 14]),
        ([[1] * 3, [1] * 2, [1] * 7, [1] * 2], 6, "greedy", [0, 5, 11, 14]),
        ([[1] * 3, [1] * 2, [1] * 7, [1] * 2], 6, "fixed", [0, 6, 12, 14]),
        # An overlong sentence is cut between tokens, ...
        ([[2, 2, 2]], 5, "sentences", [0, 4, 6]),
        ([[2, 2, 2]], 5, "fixed", [0, 5, 6]),
        # ... a token between its pieces, and what is left of it shares a segment.
        ([[1, 12, 1]], 5, "sentences", [0, 1, 6, 11, 14]),
        ([[1, 12, 1], [3]], 5, "greedy", [0, 1, 6, 11, 14, 17]),
        ([[1, 12, 1], [1]], 5, "greedy", [0, 1, 6, 11, 15]),
        # An overlong sentence starts a new segment.
        ([[1], [1] * 6], 5, "greedy", [0, 1, 6, 7]),
        # Sentences without pieces leave no trace.
        ([[0], [2], [0, 0], [], [2], [0]], 5, "sentences", [0, 2, 4]),
        ([[0]], 5, "greedy", [0]),
        ([], 5, "sentences", [0]),
        ([], 5, "fixed", [0]),
    ],
)
def test_segment_bounds_are_as_drawn(sentences, capacity, packing, bounds):
    assert bounds_of(sentences, packing, capacity) == bounds


# Token 0 has piece 0, token 1 has pieces 1 and 2, token 2 has pieces 2 and 3.
SHARING = Pieces(
    ids=np.arange(4),
    piece_tokens=np.array([[0, 1], [1, 2], [1, 3], [2, 3]]),
    token_first=np.array([0, 1, 2]),
    token_counts=np.array([1, 2, 2]),
)


@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_segment_bounds_give_a_shared_piece_to_the_earlier_sentence(packing):
    bounds = segment_bounds(SHARING, np.array([0, 2]), packing=packing, capacity=3)
    assert bounds.tolist() == [0, 3, 4]


@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_segment_bounds_keep_tokens_that_share_a_piece_together(packing):
    bounds = segment_bounds(SHARING, np.array([0]), packing=packing, capacity=3)
    assert bounds.tolist() == [0, 1, 4]
