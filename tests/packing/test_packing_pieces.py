import warnings
from copy import deepcopy

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_hat.packing.pieces import align, tokenize
from tests.support.tokenizers_tiny import TINY_TOKENIZERS, bpe_tokenizer, unigram_tokenizer, wordpiece_tokenizer

NLP = spacy.blank("en")
TOKENIZERS = {name: make() for name, make in TINY_TOKENIZERS.items()}
WORDS = st.text("ab, 7é½🙂\u200d\xa0\n\t中", min_size=1, max_size=6)


def make_doc(words, spaces=None):
    return Doc(NLP.vocab, words=words, spaces=[False] * len(words) if spaces is None else spaces)


def pieces_of_tokens(pieces):
    """The ids of each token's pieces."""
    return [
        pieces.ids[first : first + count].tolist()
        for first, count in zip(pieces.token_first, pieces.token_counts, strict=True)
    ]


def slowly_aligned(doc, tokenizer):
    """The ids of each token's pieces, character by character."""
    encoding = tokenizer.backend_tokenizer.encode(doc.text, add_special_tokens=False)
    aligned = []
    for token in doc:
        characters = set() if token.is_space else set(range(token.idx, token.idx + len(token)))
        touching = [characters & set(range(start, max(end, start + 1))) for start, end in encoding.offsets]
        aligned.append([piece_id for piece_id, shared in zip(encoding.ids, touching, strict=True) if shared])
    return aligned


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.tuples(WORDS, st.booleans()), max_size=8))
def test_tokenize_aligns_as_character_by_character(name, words):
    doc = make_doc([word for word, _ in words], [space for _, space in words])
    assert pieces_of_tokens(tokenize(doc, TOKENIZERS[name])) == slowly_aligned(doc, TOKENIZERS[name])


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=50, deadline=None)
@given(words=st.lists(st.tuples(WORDS, st.booleans()), max_size=8))
def test_tokenize_token_ranges_and_piece_tokens_agree(name, words):
    doc = make_doc([word for word, _ in words], [space for _, space in words])
    pieces = tokenize(doc, TOKENIZERS[name])
    numbers, tokens = np.arange(len(pieces))[:, None], np.arange(len(doc))
    in_range = (pieces.token_first <= numbers) & (numbers < pieces.token_first + pieces.token_counts)
    is_space = np.array([token.is_space for token in doc], dtype=bool)
    touched = (pieces.piece_tokens[:, :1] <= tokens) & (tokens < pieces.piece_tokens[:, 1:]) & ~is_space
    assert np.array_equal(in_range, touched)
    assert in_range.any(axis=1).all()


@pytest.mark.parametrize("name", TOKENIZERS)
def test_tokenize_keeps_every_piece_of_text_without_double_spaces(name):
    doc = NLP("the court held that appeal was dismissed, and costs follow")
    ids = TOKENIZERS[name].backend_tokenizer.encode(doc.text, add_special_tokens=False).ids
    assert tokenize(doc, TOKENIZERS[name]).ids.tolist() == ids


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        (["appeals"], [2]),  # appeal ##s
        (["app", "eals"], [1, 2]),  # spaCy cuts inside "appeal", which belongs to both
        (["ap", "pe", "als"], [1, 1, 2]),
        (["the court", ","], [2, 1]),  # spaCy merges over a blank
        (["the", " ", "court"], [1, 0, 1]),
        (["the", "\u200d", " court"], [1, 0, 1]),  # BERT throws joiners away
        (["\U0001f642\U0001f642"], [1]),  # [UNK]
    ],
)
def test_tokenize_counts_pieces_where_tokenisations_disagree(words, counts):
    pieces = tokenize(make_doc(words), TOKENIZERS["wordpiece"])
    assert pieces.token_counts.tolist() == counts


def test_tokenize_gives_all_bytes_of_an_emoji_to_its_token():
    pieces = tokenize(make_doc(["a", "\U0001f642", "b"]), TOKENIZERS["bpe"])
    assert pieces.token_counts.tolist() == [1, 4, 1]


def test_tokenize_leaves_out_pieces_of_space_tokens():
    doc = make_doc(["a", "\n\n", "b"])
    encoding = TOKENIZERS["bpe"].backend_tokenizer.encode(doc.text, add_special_tokens=False)
    assert len(encoding.ids) == 4
    assert tokenize(doc, TOKENIZERS["bpe"]).ids.tolist() == [encoding.ids[0], encoding.ids[3]]


def test_align_space_token_inside_a_piece_has_no_pieces():
    doc = make_doc(["a", " ", "b"])
    pieces = align(np.array([7]), np.array([[0, 3]]), doc)
    assert pieces.token_counts.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("offsets", "counts"),
    [
        ([(0, 0), (0, 2), (2, 4)], [2, 1]),  # no width, at the start of a token
        ([(0, 2), (1, 1), (2, 4)], [2, 1]),  # inside one
        ([(0, 2), (2, 2), (2, 4)], [1, 2]),  # between two: of the later
        ([(0, 2), (2, 4), (4, 4)], [1, 1]),  # behind the text
    ],
)
def test_align_piece_without_width_belongs_where_it_stands(offsets, counts):
    pieces = align(np.arange(3), np.array(offsets), make_doc(["ab", "cd"]))
    assert pieces.token_counts.tolist() == counts


@settings(max_examples=100, deadline=None)
@given(starts=st.lists(st.integers(0, 8), max_size=12))
def test_align_keeps_pieces_and_order_when_offsets_step_back(starts):
    doc = make_doc(["ab", " ", "cd", "\n", "efg"])
    visible = [i for i, start in enumerate(starts) if not doc.text[start].isspace()]
    offsets = np.array([(start, start + 1) for start in starts], dtype=np.int64).reshape(-1, 2)
    pieces = align(np.arange(len(starts)), offsets, doc)
    assert pieces.ids.tolist() == visible
    assert sorted({i for ids in pieces_of_tokens(pieces) for i in ids}) == visible
    assert (np.diff(pieces.piece_tokens, axis=0) >= 0).all()


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\xa0"])
@pytest.mark.parametrize("name", TOKENIZERS)
def test_tokenize_text_without_visible_tokens_has_no_pieces(name, text):
    pieces = tokenize(NLP(text), TOKENIZERS[name])
    assert len(pieces) == 0
    assert pieces.token_counts.tolist() == [0] * len(NLP(text))


@pytest.mark.parametrize("make", [wordpiece_tokenizer, bpe_tokenizer, unigram_tokenizer])
def test_tokenize_ignores_truncation_and_padding_of_the_file(make):
    tokenizer = make()
    expected = tokenize(NLP("hello world " * 20), tokenizer).ids.tolist()
    tokenizer.backend_tokenizer.enable_truncation(5)
    tokenizer.backend_tokenizer.enable_padding(length=500)
    assert tokenize(NLP("hello world " * 20), tokenizer).ids.tolist() == expected


def test_tokenize_leaves_truncation_and_padding_as_they_are():
    tokenizer = wordpiece_tokenizer()
    tokenizer.backend_tokenizer.enable_truncation(5)
    tokenizer.backend_tokenizer.enable_padding(length=8)
    before = tokenizer.backend_tokenizer.to_str()
    tokenize(NLP("hello world " * 20), tokenizer)
    assert tokenizer.backend_tokenizer.to_str() == before


def test_tokenize_sees_tokens_added_after_a_truncated_call():
    tokenizer = wordpiece_tokenizer()
    tokenizer.backend_tokenizer.enable_truncation(5)
    before = len(tokenize(NLP("appellant"), tokenizer))
    tokenizer.add_tokens(["appellant"])
    assert before > 1
    assert len(tokenize(NLP("appellant"), tokenizer)) == 1


def test_tokenize_does_not_warn_about_length():
    tokenizer = deepcopy(TOKENIZERS["wordpiece"])
    tokenizer.model_max_length = 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(tokenize(NLP("hello world " * 20), tokenizer)) == 40


def test_tokenize_refuses_slow_tokenizers():
    class BertTokenizer:
        cls_token_id = 0
        bos_token_id = None

    with pytest.raises(ValueError, match=r"fast tokenizer.*'BertTokenizer'.*use_fast=True"):
        tokenize(NLP("hello"), BertTokenizer())
