"""A packed document without one of its sentences: what goes, what is left, and that nothing else moves."""

import numpy as np
import pytest

from spacy_hat.explanations.document import OneDocument

from ..support.docs import NLP, ODD_TEXTS, PACKINGS, SHORT, pack

TEXTS = {name: text for name, text in ODD_TEXTS.items() if text.strip()}


def read(text, **settings):
    doc = NLP(text)
    return OneDocument(pack([doc], **settings), np.array([sentence.start for sentence in doc.sents]))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["wordpiece", "bpe", "unigram"])
@pytest.mark.parametrize("text", TEXTS)
def test_packing_every_piece_belongs_to_one_sentence(text, name, packing):
    document = read(TEXTS[text], name=name, packing=packing)
    is_first = np.zeros(len(document.row_sentences), dtype=bool)
    is_first[document.first_rows] = True
    assert (document.row_sentences[is_first] == -1).all()
    numbers = document.row_sentences[~is_first]
    assert (numbers >= 0).all()
    assert (np.diff(numbers) >= 0).all()
    np.testing.assert_array_equal(
        document.sums(np.ones(len(is_first))), np.bincount(numbers, minlength=document.n_sentences)
    )


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("text", TEXTS)
def test_packing_without_a_sentence_leaves_all_others_where_they_are(text, packing):
    document = read(TEXTS[text], packing=packing)
    for sentence in range(document.n_sentences):
        left = document.without(sentence)
        gone = set(np.flatnonzero(document.row_sentences == sentence).tolist())
        in_windows = set(np.flatnonzero(left.touched[document.row_segments]).tolist())
        others = {row for row in in_windows - gone if document.row_sentences[row] >= 0}
        assert {row for row in left.rows.tolist() if document.row_sentences[row] >= 0} == others
        # A segment for each that has other pieces, opened by its own classifier piece.
        segments = sorted({document.row_segments[row] for row in others})
        assert left.segments.tolist() == segments
        starts = np.cumsum(left.segment_lengths) - left.segment_lengths
        assert left.rows[starts].tolist() == document.first_rows[segments].tolist()
        assert left.segment_lengths.sum() == len(left.rows)
        changed = {document.row_segments[row] for row in gone}
        assert left.is_changed.tolist() == [segment in changed for segment in segments]
        assert left.window_lengths.sum() == len(left.segments)


def test_packing_without_a_sentence_closes_the_window():
    document = read(SHORT * 5, packing="sentences", max_segments=3)
    assert document.packed.window_lengths.tolist() == [3, 2]
    left = document.without(1)
    assert left.segments.tolist() == [0, 2]
    assert left.window_lengths.tolist() == [2]
    assert left.segment_positions.tolist() == [0, 1]
    assert left.touched.tolist() == [True, True, True, False, False]


def test_packing_without_the_only_sentence_of_a_window_there_is_none():
    left = read(SHORT * 3, packing="sentences", max_segments=1).without(1)
    assert len(left.rows) == len(left.window_lengths) == 0
    assert left.touched.tolist() == [False, True, False]
