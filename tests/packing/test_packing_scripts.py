"""Every family of tokenizers on every kind of script: a token has the pieces that its characters are read in."""

from itertools import pairwise

import pytest
import spacy
from hypothesis import example, given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_hat.packing import tokenize
from tests.support.tokenizers_tiny import SCRIPT_TOKENIZERS, SCRIPTS

from ..support.reference_alignment import READERS, expected_alignment, spelling

NLP = spacy.blank("xx")
TOKENIZERS = {name: make() for name, make in SCRIPT_TOKENIZERS.items()}
families = pytest.mark.parametrize("name", READERS)


def cut(text, places):
    """A Doc of the text, cut into tokens at these places and at no others."""
    bounds = sorted({0, len(text), *places})
    words = [text[start:stop] for start, stop in pairwise(bounds)]
    return Doc(NLP.vocab, words=words, spaces=[False] * len(words))


def found_alignment(doc, name):
    pieces = tokenize(doc, TOKENIZERS[name])
    spelled = [spelling(piece, name) for piece in TOKENIZERS[name].convert_ids_to_tokens(pieces.ids.tolist())]
    starts, counts = pieces.token_first.tolist(), pieces.token_counts.tolist()
    return [list(filter(None, spelled[i : i + n])) for i, n in zip(starts, counts, strict=True)]


def all_pieces(text, name):
    return TOKENIZERS[name].backend_tokenizer.encode(text, add_special_tokens=False).tokens


CUTS = {
    "as spaCy cuts": lambda text: NLP.make_doc(text),
    "character by character": lambda text: cut(text, range(len(text))),
    "two by two": lambda text: cut(text, range(0, len(text), 2)),
    "one token": lambda text: cut(text, []),
}


@pytest.mark.parametrize("make_doc", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
@families
def test_tokenize_gives_each_token_what_is_made_of_its_characters(name, text, make_doc):
    doc = make_doc(text)
    assert found_alignment(doc, name) == expected_alignment(doc, all_pieces(text, name), name)


@families
@given(
    words=st.lists(st.sampled_from([word for text in SCRIPTS.values() for word in text.split()]), max_size=5),
    joint=st.sampled_from(["", " ", "  "]),
    places=st.sets(st.integers(0, 60)),
)
@example(words=["the", "court"], joint=" ", places={2, 5, 6})
# letters that belong to the one before them as marks do, and an accent behind: a halfwidth sound mark, a Thai vowel
@example(words=["\uff8a\uff9e", "\u0301c"], joint="", places=set())
@example(words=["\u0e19\u0e49\u0e33", "\u0301c"], joint="", places=set())
def test_tokenize_gives_each_token_its_characters_wherever_text_is_cut(name, words, joint, places):
    text = joint.join(words)
    doc = cut(text, {place for place in places if place < len(text)})
    assert found_alignment(doc, name) == expected_alignment(doc, all_pieces(text, name), name)


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("uncased WordPiece", ["Å", "e\u0301", "!"], [["a"], ["e"], ["!"]]),
        ("cased WordPiece", ["Å", "e\u0301", "!"], [["Å"], ["e", "\u0301"], ["!"]]),
        ("byte-level BPE", ["Å", "e\u0301", "!"], [["\xc3", "\u0127"], ["e", "\xcc", "\u0123"], ["!"]]),
        ("SentencePiece", ["Å", "e\u0301", "!"], [["Å"], ["é"], ["!"]]),
        # spaCy's token ends inside a piece, which belongs to both tokens
        ("uncased WordPiece", ["co", "urt"], [["court"], ["court"]]),
        ("byte-level BPE", ["h", "eld"], [["he"], ["he", "ld"]]),
        ("SentencePiece", ["co", "urt"], [["court"], ["court"]]),
        # a piece that begins with the blank before it, or reaches over what was deleted
        ("byte-level BPE", ["the", " ", "court"], [["the"], [], ["court"]]),
        ("SentencePiece", ["the", " ", "court"], [["the"], [], ["court"]]),
        ("uncased WordPiece", ["co\u200b", "\u200b", "urt"], [["court"], ["court"], ["court"]]),
        # scripts written without blanks
        ("uncased WordPiece", ["法院", "駁回"], [["法", "院"], ["駁", "回"]]),
        ("SentencePiece", ["法院", "駁回"], [["法", "院"], ["駁", "回"]]),
        ("uncased WordPiece", ["שָׁ"], [["ש"]]),
        ("cased WordPiece", ["שָׁ"], [["ש", "\u05b8", "\u05c1"]]),
    ],
)
def test_tokenize_gives_tokens_the_pieces_that_are_written_here(name, words, expected):
    doc = Doc(NLP.vocab, words=words, spaces=[False] * len(words))
    assert found_alignment(doc, name) == expected
