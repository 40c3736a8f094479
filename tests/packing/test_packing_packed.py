from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_hat.packing import tokenize

from ..support.docs import LONG, NLP, ODD_TEXTS, PACKINGS, SHORT, TOKENIZERS, classifier_rows, pack, parts

texts = st.lists(st.sampled_from(["", " ", "\n", "hello", SHORT, SHORT * 3, LONG, SHORT + LONG, LONG * 9]), max_size=6)


@st.composite
def sentenced_docs(draw):
    """Docs of odd words, cut anywhere into tokens and sentences."""
    words = draw(st.lists(st.text("ab, 7\xe9\U0001f642\u200d\xa0\n\u4e2d", min_size=1, max_size=6), max_size=20))
    flags = st.lists(st.booleans(), min_size=len(words), max_size=len(words))
    return Doc(NLP.vocab, words=words, spaces=draw(flags), sent_starts=draw(flags))


@settings(max_examples=150, deadline=None)
@given(
    doc=sentenced_docs(),
    name=st.sampled_from(sorted(TOKENIZERS)),
    packing=st.sampled_from(PACKINGS),
    segment_length=st.integers(2, 9),
)
def test_packed_docs_conserve_pieces_of_any_tokens_and_sentences(doc, name, packing, segment_length):
    packed = pack([doc], name, packing, segment_length)
    assert np.delete(packed.piece_ids, classifier_rows(packed)).tolist() == tokenize(doc, TOKENIZERS[name]).ids.tolist()
    assert len(np.unique(packed.align_rows)) == len(packed.piece_ids) - len(packed.segment_lengths)
    assert (packed.segment_lengths <= segment_length).all()


@settings(max_examples=150, deadline=None)
@given(
    doc=sentenced_docs(),
    name=st.sampled_from(sorted(TOKENIZERS)),
    packing=st.sampled_from(["sentences", "greedy"]),
    segment_length=st.integers(2, 9),
)
def test_packed_docs_never_cut_a_sentence_that_fits(doc, name, packing, segment_length):
    packed = pack([doc], name, packing, segment_length)
    first_tokens = tokenize(doc, TOKENIZERS[name]).piece_tokens[:, 0]
    segment_of_piece = np.repeat(np.arange(len(packed.segment_lengths)), packed.segment_lengths - 1)
    for sent in doc.sents:
        own = (first_tokens >= sent.start) & (first_tokens < sent.end)
        if own.sum() < segment_length:
            assert len(set(segment_of_piece[own])) <= 1


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_packed_docs_have_every_piece_in_exactly_one_segment(text, name, packing):
    doc = NLP(text)
    packed = pack([doc], name, packing)
    in_segments = np.delete(packed.piece_ids, classifier_rows(packed))
    assert in_segments.tolist() == tokenize(doc, TOKENIZERS[name]).ids.tolist()


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_packed_docs_align_every_row_but_the_classifier_pieces(text, name, packing):
    packed = pack([NLP(text)], name, packing)
    expected = np.delete(np.arange(len(packed.piece_ids)), classifier_rows(packed))
    assert np.unique(packed.align_rows).tolist() == expected.tolist()


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_packed_docs_align_tokens_to_their_own_pieces(text, name):
    doc = NLP(text)
    packed, pieces = pack([doc], name), tokenize(doc, TOKENIZERS[name])
    first_align = np.cumsum(packed.align_lengths) - packed.align_lengths
    for token, start, count in zip(doc, first_align, packed.align_lengths, strict=True):
        rows = packed.align_rows[start : start + count]
        first = pieces.token_first[token.i]
        expected = pieces.ids[first : first + pieces.token_counts[token.i]]
        assert packed.piece_ids[rows].tolist() == expected.tolist()


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_packed_docs_open_each_segment_with_the_classifier_piece(text, packing):
    packed = pack([NLP(text)], packing=packing)
    assert (packed.piece_ids[classifier_rows(packed)] == TOKENIZERS["wordpiece"].cls_token_id).all()
    assert packed.segment_lengths.sum() == len(packed.piece_ids)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("segment_length", [2, 3, 9, 128])
def test_packed_docs_have_no_segment_longer_than_segment_length(segment_length, packing):
    packed = pack([NLP(text) for text in ODD_TEXTS.values()], "bpe", packing, segment_length=segment_length)
    assert packed.segment_lengths.max() <= segment_length


@settings(max_examples=40, deadline=None)
@given(texts=texts, packing=st.sampled_from(PACKINGS))
def test_packed_docs_of_a_batch_equal_one_by_one(texts, packing):
    docs = [NLP(text) for text in texts]
    assert parts(pack(docs, packing=packing)) == [parts(pack([doc], packing=packing))[0] for doc in docs]


@settings(max_examples=40, deadline=None)
@given(texts=texts, data=st.data())
def test_packed_docs_are_permuted_with_the_documents(texts, data):
    docs = [NLP(text) for text in texts]
    order = data.draw(st.permutations(range(len(docs))))
    in_order = parts(pack(docs))
    assert parts(pack([docs[i] for i in order])) == [in_order[i] for i in order]


@pytest.mark.parametrize(
    ("texts", "segments_per_doc"),
    [
        ([], []),
        (["", " ", "\n\n"], [0, 0, 0]),
        (["", SHORT], [0, 1]),
        ([SHORT, "", SHORT], [1, 0, 1]),
        ([SHORT, "\n"], [1, 0]),
    ],
)
def test_packed_docs_give_empty_documents_no_segments(texts, segments_per_doc):
    packed = pack([NLP(text) for text in texts])
    assert packed.segments_per_doc.tolist() == segments_per_doc
    assert packed.tokens_per_doc.tolist() == [len(NLP(text)) for text in texts]
    assert len(packed.align_lengths) == packed.tokens_per_doc.sum()
    assert packed.segment_tokens.shape == (sum(segments_per_doc), 2)


@pytest.mark.parametrize("texts", [[], [""], [SHORT, "", LONG * 3]])
def test_packed_docs_arrays_are_int64(texts):
    packed = pack([NLP(text) for text in texts])
    assert {getattr(packed, field.name).dtype for field in fields(packed)} == {np.dtype("int64")}


@pytest.mark.parametrize(
    ("packing", "segment_tokens"),
    [("sentences", [[0, 5], [5, 10], [10, 25]]), ("greedy", [[0, 10], [10, 25]]), ("fixed", [[0, 16], [16, 25]])],
)
def test_packed_docs_segment_tokens_span_the_segments(packing, segment_tokens):
    packed = pack([NLP(SHORT * 2 + LONG)], packing=packing, segment_length=17)
    assert packed.segment_tokens.tolist() == segment_tokens


def test_packed_docs_segment_tokens_repeat_a_token_cut_in_two():
    doc = Doc(NLP.vocab, words=["court", "xxxxx", "held"])
    packed = pack([doc], packing="fixed", segment_length=5)
    assert packed.segment_tokens.tolist() == [[0, 2], [1, 3]]


def test_packed_docs_windows_count_positions_afresh():
    packed = pack([NLP(SHORT), NLP(SHORT * 9)], packing="sentences", max_segments=4)
    assert packed.window_lengths.tolist() == [1, 3, 3, 3]
    assert packed.segment_positions.tolist() == [0, 0, 1, 2, 0, 1, 2, 0, 1, 2]
