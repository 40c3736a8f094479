"""What holds of any text, any tokens and any sentences, with every family of tokenizers."""

from collections import Counter

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.decoders import ByteLevel

from spacy_hat.packing import Packer, tokenize
from tests.support.odd_text import examples, odd_docs
from tests.support.tokenizers_tiny import SCRIPT_TOKENIZERS, unigram_tokenizer

from ..support.docs import PACKINGS, classifier_rows, parts

NLP = spacy.blank("en")
TOKENIZERS = {name: make() for name, make in SCRIPT_TOKENIZERS.items()} | {"unigram": unigram_tokenizer()}
families = pytest.mark.parametrize("name", TOKENIZERS)
packings = st.sampled_from(PACKINGS)
BLANKS = " \u2581\u0120"


def pack(docs, name, packing, segment_length):
    return Packer(packing)(docs, TOKENIZERS[name], segment_length=segment_length, max_segments=4)


def is_thrown_away(token, name):
    """Whether the tokenizer's normaliser makes the same of the text up to a token with it and without."""
    normalizer, text = TOKENIZERS[name].backend_tokenizer.normalizer, token.doc.text
    if normalizer is None:
        return False
    without, through = (normalizer.normalize_str(text[:end]) for end in (token.idx, token.idx + len(token)))
    return without.rstrip(BLANKS) == through.rstrip(BLANKS)


@families
@examples(300)
@given(doc=odd_docs(NLP), packing=packings, segment_length=st.integers(2, 9))
def test_packed_docs_of_any_text_lose_nothing(name, doc, packing, segment_length):
    packed = pack([doc], name, packing, segment_length)
    # Every token has pieces, except for spaces and what the tokenizer throws away.
    for token, n_pieces in zip(doc, packed.align_lengths, strict=True):
        assert n_pieces > 0 or token.is_space or is_thrown_away(token, name)
        assert n_pieces == 0 or not token.is_space
    # Every piece is in exactly one segment, and belongs to a token if it does not open the segment.
    assert packed.segment_lengths.sum() == len(packed.piece_ids)
    assert packed.segment_lengths.max(initial=0) <= segment_length
    assert packed.window_lengths.sum() == len(packed.segment_lengths)
    rows = np.delete(np.arange(len(packed.piece_ids)), classifier_rows(packed))
    assert np.unique(packed.align_rows).tolist() == rows.tolist()
    # These are the tokenizer's pieces, in its order, except for blanks and what belongs to space tokens.
    kept = packed.piece_ids[rows].tolist()
    encoding = TOKENIZERS[name].backend_tokenizer.encode(doc.text, add_special_tokens=False)
    remaining = iter(encoding.ids)
    assert all(piece_id in remaining for piece_id in kept)
    if not any(token.is_space for token in doc):
        dropped = Counter(encoding.ids) - Counter(kept)
        assert not any(TOKENIZERS[name].convert_ids_to_tokens(piece_id).strip(BLANKS) for piece_id in dropped)


@examples(200)
@given(doc=odd_docs(NLP))
def test_tokenize_any_text_to_bytes_keeps_every_byte_but_spaces(doc):
    tokenizer = TOKENIZERS["byte-level BPE"]
    read = ByteLevel().decode(tokenizer.convert_ids_to_tokens(tokenize(doc, tokenizer).ids.tolist()))
    assert "".join(read.split()) == "".join(doc.text.split())


@families
@examples(50)
@given(docs=st.lists(odd_docs(NLP, max_words=4), max_size=4), packing=packings, data=st.data())
def test_packed_docs_of_any_text_do_not_depend_on_the_batch(name, docs, packing, data):
    alone = [parts(pack([doc], name, packing, 5))[0] for doc in docs]
    order = data.draw(st.permutations(range(len(docs))))
    assert parts(pack(docs, name, packing, 5)) == alone
    assert parts(pack([docs[i] for i in order], name, packing, 5)) == [alone[i] for i in order]
