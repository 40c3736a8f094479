"""What packing makes of a Doc, in numbers that can be counted by hand: SHORT has 5 pieces, LONG 15, a segment 8."""

import warnings

import pytest

from spacy_hat.packing import DocCounts, Packer, count_doc

from ..support.docs import LONG, NLP, PACKINGS, SHORT, TOKENIZERS, pack


def count(doc, packing="greedy", segment_length=9, max_segments=4, **settings):
    packer = Packer(packing, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return count_doc(doc, TOKENIZERS["wordpiece"], packer, segment_length=segment_length, max_segments=max_segments)


@pytest.mark.parametrize(
    ("text", "packing", "expected"),
    [
        (SHORT, "greedy", DocCounts(5, 5, 1, 1, 0, 1, 0)),
        (SHORT * 3, "sentences", DocCounts(15, 15, 3, 1, 0, 3, 0)),
        (SHORT * 5, "sentences", DocCounts(25, 25, 5, 2, 0, 5, 0)),
        (LONG, "sentences", DocCounts(15, 15, 2, 1, 0, 1, 1)),
        (SHORT + LONG + SHORT, "sentences", DocCounts(25, 25, 4, 1, 0, 3, 1)),
        (SHORT + LONG + LONG, "greedy", DocCounts(35, 35, 5, 2, 0, 3, 2)),
        (SHORT + LONG, "fixed", DocCounts(20, 20, 3, 1, 0, 2, 0)),
        ("", "greedy", DocCounts(0, 0, 0, 0, 0, 0, 0)),
        (" \n ", "greedy", DocCounts(1, 0, 0, 0, 0, 1, 0)),
    ],
)
def test_counts_are_those_of_packing(text, packing, expected):
    assert count(NLP(text), packing) == expected


@pytest.mark.parametrize("packing", PACKINGS)
def test_counts_agree_with_the_packed_batch(packing):
    doc = NLP(SHORT + LONG * 3 + SHORT * 2)
    packed, counts = pack([doc], packing=packing), count(doc, packing)
    assert (counts.n_segments, counts.n_windows) == (len(packed.segment_lengths), len(packed.window_lengths))
    assert counts.n_pieces == packed.segment_lengths.sum() - len(packed.segment_lengths)


@pytest.mark.parametrize(("overflow", "n_cut"), [("window", 0), ("error", 0), ("truncate", 15)])
def test_counts_say_what_overflow_cuts(overflow, n_cut):
    counts = count(NLP(SHORT * 7), "sentences", overflow=overflow)
    assert (counts.n_pieces, counts.n_segments, counts.n_pieces_cut) == (35, 7, n_cut)


def test_counts_tell_a_document_without_sentences_and_do_not_warn():
    counts = count(NLP.make_doc(SHORT * 2), require_sentences=True)
    assert counts.lacks_sentences
    assert (counts.n_sentences, counts.n_segments, counts.n_sentences_cut) == (0, 2, 0)
    assert not count(NLP.make_doc("")).lacks_sentences


def test_counts_do_not_take_leading_spaces_for_a_cut():
    assert count(NLP(SHORT + "\n\n " + SHORT), "sentences").n_sentences_cut == 0
