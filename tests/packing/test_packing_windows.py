import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_hat.packing.windows import window_lengths


@settings(deadline=None)
@given(n_segments=st.integers(1, 200), max_segments=st.integers(1, 40))
def test_window_lengths_are_even_fewest_and_within_the_limit(n_segments, max_segments):
    lengths = window_lengths(np.array([n_segments]), max_segments)
    assert lengths.sum() == n_segments
    assert lengths.max() <= max_segments
    assert lengths.max() - lengths.min() <= 1
    assert (len(lengths) - 1) * max_segments < n_segments


@pytest.mark.parametrize(
    ("segments_per_doc", "lengths"),
    [
        ([], []),
        ([0], []),
        ([1], [1]),
        ([8], [8]),
        ([9], [5, 4]),
        ([17], [6, 6, 5]),
        ([0, 9, 0, 3, 0], [5, 4, 3]),
    ],
)
def test_window_lengths_are_per_document(segments_per_doc, lengths):
    assert window_lengths(np.array(segments_per_doc, dtype=np.int64), 8).tolist() == lengths
