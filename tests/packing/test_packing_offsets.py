"""Tokens of which a tokenizer forgets that it read them."""

import numpy as np
import pytest
from spacy.tokens import Doc
from tokenizers import normalizers

from spacy_hat.packing.offsets import encode, reach_composed
from spacy_hat.packing.pieces import tokenize
from tests.support.tokenizers_tiny import SCRIPT_TOKENIZERS, unigram_tokenizer

from ..support.docs import NLP

TOKENIZERS = {name: make() for name, make in SCRIPT_TOKENIZERS.items()} | {"unigram": unigram_tokenizer()}
SENTENCEPIECE = TOKENIZERS["SentencePiece"].backend_tokenizer


def pieces_of(words, name):
    """Token -> its pieces, blanks at the beginning of a piece left out."""
    doc = Doc(NLP.vocab, words=words, spaces=[False] * len(words))
    pieces = tokenize(doc, TOKENIZERS[name])
    strings = [piece.lstrip("▁") for piece in TOKENIZERS[name].convert_ids_to_tokens(pieces.ids.tolist())]
    starts = pieces.token_first.tolist()
    return [[s for s in strings[i : i + n] if s] for i, n in zip(starts, pieces.token_counts.tolist(), strict=True)]


@pytest.mark.parametrize("name", ["SentencePiece", "uncased WordPiece", "cased WordPiece"])
@pytest.mark.parametrize("beginning", ["\x01", "\x01\x02\x7f"])
def test_encode_keeps_pieces_in_place_behind_a_deleted_beginning(name, beginning):
    backend = TOKENIZERS[name].backend_tokenizer
    text = beginning + "a, b"
    ids, offsets = encode(backend, text)
    pieces = [
        (backend.id_to_token(i).lstrip("▁"), text[start:end]) for i, (start, end) in zip(ids, offsets, strict=True)
    ]
    assert [pair for pair in pieces if pair[0]] == [("a", "a"), (",", ","), ("b", "b")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["\x01", "a", " ", "b"], [[], ["a"], [], ["b"]]),
        (["\x1f", "\x02", "a"], [[], [], ["a"]]),  # the first is a space to spaCy
        (["a", "\x01", "b"], [["a"], [], ["b"]]),
        (["<s>", "\x01", "a"], [["<s>"], [], ["a"]]),  # behind a special token the tokenizer begins anew
        (["a", "</s>", "\x01", "b", "<s>", "\x01", "\x01", "a"], [["a"], ["</s>"], [], ["b"], ["<s>"], [], [], ["a"]]),
        (["\u4e00", "\x01", "a"], [["<unk>"], [], ["a"]]),  # but not behind a word that is unknown
        (["<unk>", "\x01", "a"], [["<unk>"], [], ["a"]]),
        (["\x01"], [[]]),
    ],
)
def test_tokenize_loses_no_token_behind_deleted_characters(words, expected):
    assert pieces_of(words, "SentencePiece") == expected


def test_tokenize_keeps_count_behind_deleted_characters_and_an_added_word():
    tokenizer = SCRIPT_TOKENIZERS["SentencePiece"]()
    tokenizer.add_tokens(["ab"])  # looked for in the normalised text, which does not begin anew behind it
    assert encode(tokenizer.backend_tokenizer, "ab\x01c")[1].tolist()[-1] == [3, 4]


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("SentencePiece", ["e", "\u0301", "a"], [["é"], ["é"], ["a"]]),
        ("SentencePiece", ["A\u030a"], [["Å"]]),
        ("unigram", ["\u1100", "\u1161", "\u11a8", "a"], [["<unk>"], ["<unk>"], ["<unk>"], ["a"]]),
        ("unigram", ["a", "=", "\u0338", "b"], [["a"], ["<unk>"], ["<unk>"], ["b"]]),
    ],
)
def test_tokenize_gives_a_token_what_it_was_composed_into(name, words, expected):
    assert pieces_of(words, name) == expected


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("uncased WordPiece", ["e", "\u0301", "a"], [["e"], [], ["##a"]]),  # accents are stripped
        ("cased WordPiece", ["e", "\u0301", "a"], [["e"], ["##\u0301"], ["##a"]]),
        ("cased WordPiece", ["e", "\x01", "a"], [["e"], [], ["##a"]]),
        ("byte-level BPE", ["a", "\x01", "b"], [["a"], ["\u0101"], ["b"]]),
        ("SentencePiece", ["①", "\u0301", "a"], [["1"], [], ["a"]]),  # replaced with its mark by a bare 1
        ("SentencePiece", ["a", "\u200b"], [["a"], []]),  # a blank at the end
    ],
)
def test_tokenize_gives_nothing_to_a_token_that_is_thrown_away(name, words, expected):
    assert pieces_of(words, name) == expected


def test_reach_composed_writes_into_no_argument():
    offsets = np.array([[0, 1]])
    reached = reach_composed(offsets, np.array([[1, 2]]), "e\u0301", normalizers.NFC())
    assert reached.tolist() == [[0, 2]]
    assert offsets.tolist() == [[0, 1]]


def test_reach_composed_leaves_alone_what_the_vocabulary_lacks():
    reached = reach_composed(np.array([[0, 1]]), np.array([[1, 2]]), "ab", normalizers.NFC())
    assert reached.tolist() == [[0, 1]]


@pytest.mark.parametrize(("n_between", "end"), [(0, 2), (2, 4), (64, 66), (65, 1)])
def test_reach_composed_reaches_over_some_dozens_of_deleted_characters(n_between, end):
    text = "e" + n_between * "\x01" + "\u0301"
    normalizer = normalizers.Sequence([normalizers.Replace("\x01", ""), normalizers.NFC()])
    tokens = np.stack([np.arange(len(text)), np.arange(len(text)) + 1], axis=1)
    assert reach_composed(np.array([[0, 1]]), tokens, text, normalizer).tolist() == [[0, end]]


def test_reach_composed_behind_a_long_stretch_without_pieces_asks_about_a_part_of_it():
    class Counting:
        n_characters = 0

        def normalize_str(self, text):
            self.n_characters += len(text)
            return text

    words = 1000
    tokens = np.stack([np.arange(words), np.arange(words) + 1], axis=1)
    counting = Counting()
    reach_composed(np.array([[0, 1]]), tokens, "".join(map(chr, range(0x4E00, 0x4E00 + words))), counting)
    assert counting.n_characters < 10 * words
