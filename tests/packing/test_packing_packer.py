import pickle
import warnings
from contextlib import contextmanager
from copy import deepcopy

import pytest
from spacy.tokens import Doc

from spacy_hat.packing import Packer
from tests.support.tokenizers_tiny import wordpiece_tokenizer

from ..support.docs import LONG, NLP, SHORT, TOKENIZERS, pack, parts


def without_boundaries(text):
    return NLP.make_doc(text)


@contextmanager
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_packer_packs_each_sentence_by_itself_or_together():
    doc = NLP("the court. it held. ")
    assert len(pack([doc], packing="sentences").segment_lengths) == 2
    assert len(pack([doc], packing="greedy").segment_lengths) == 1


def test_packer_truncate_keeps_the_first_segments():
    docs = [NLP(SHORT * 9), NLP(SHORT)]
    with pytest.warns(UserWarning, match="cut off"):
        packed = pack(docs, packing="sentences", overflow="truncate")
    whole = parts(pack([NLP(SHORT * 4)], packing="sentences"))[0]
    cut, other = parts(packed)
    assert cut["piece_ids"] == whole["piece_ids"]
    assert cut["align_rows"] == whole["align_rows"]
    assert cut["align_lengths"] == whole["align_lengths"] + [0] * 25
    assert other == parts(pack([NLP(SHORT)]))[0]


def test_packer_truncate_aligns_a_token_to_what_is_left_of_it():
    doc = Doc(NLP.vocab, words=["court", "xxxxx", "held"])
    with pytest.warns(UserWarning, match="1 in this batch, which lost 3 pieces"):
        packed = pack([doc], packing="fixed", segment_length=5, max_segments=1, overflow="truncate")
    assert packed.align_lengths.tolist() == [1, 3, 0]
    assert packed.align_rows.tolist() == [1, 2, 3, 4]


def test_packer_truncate_warns_once_with_counts_and_remedy():
    packer = Packer("sentences", "truncate")
    docs = [NLP(SHORT * 6), NLP(SHORT), NLP(SHORT * 5)]
    with pytest.warns(UserWarning, match=r'2 in this batch, which lost 15 pieces.*overflow = "window"'):
        packer(docs, TOKENIZERS["wordpiece"], segment_length=9, max_segments=4)
    with no_warnings():
        packer(docs, TOKENIZERS["wordpiece"], segment_length=9, max_segments=4)


def test_packer_overflow_error_gives_counts_and_remedy():
    docs = [NLP(SHORT * 9), NLP(SHORT), NLP(SHORT * 5)]
    with pytest.raises(ValueError, match=r'2 of 3 documents.* 4 segments.*longest has 9.*overflow = "window"'):
        pack(docs, packing="sentences", overflow="error")


@pytest.mark.parametrize("overflow", ["window", "truncate", "error"])
def test_packer_overflow_says_nothing_of_documents_that_fit(overflow):
    with no_warnings():
        packed = pack([NLP(SHORT * 4)], packing="sentences", overflow=overflow)
    assert packed.segments_per_doc.tolist() == [4]


@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_packer_without_boundaries_packs_as_fixed(packing):
    doc = without_boundaries(SHORT * 9)
    with pytest.warns(UserWarning, match="no sentence boundaries"):
        packed = pack([doc], packing=packing)
    assert parts(packed) == parts(pack([doc], packing="fixed"))


@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_packer_without_boundaries_warns_once_and_names_the_fix(packing):
    packer = Packer(packing)
    docs = [without_boundaries(SHORT), without_boundaries(LONG)]
    with pytest.warns(UserWarning, match=r"'sentencizer', 'senter' or 'parser'.*annotating_components") as caught:
        packer(docs, TOKENIZERS["wordpiece"], segment_length=9, max_segments=4)
    assert len(caught) == 1
    with no_warnings():
        packer(docs, TOKENIZERS["wordpiece"], segment_length=9, max_segments=4)


def test_packer_without_boundaries_leaves_the_packing_of_others():
    with pytest.warns(UserWarning, match="no sentence boundaries"):
        packed = pack([without_boundaries(SHORT * 3), NLP(SHORT * 3)], packing="sentences")
    assert packed.segments_per_doc.tolist() == [2, 3]


@pytest.mark.parametrize("packing", ["sentences", "greedy"])
def test_packer_require_sentences_makes_missing_boundaries_an_error(packing):
    with pytest.raises(ValueError, match=r"no sentence boundaries.*'sentencizer'.*annotating_components"):
        pack([NLP(SHORT), without_boundaries(SHORT)], packing=packing, require_sentences=True)


@pytest.mark.parametrize("text", ["", "  ", "\n", "hello"])
def test_packer_asks_for_no_boundaries_where_there_is_nothing_to_cut(text):
    with no_warnings():
        pack([without_boundaries(text)], packing="sentences", require_sentences=True)


def test_packer_fixed_never_asks_for_boundaries():
    with no_warnings():
        packed = pack([without_boundaries(SHORT * 9)], packing="fixed", require_sentences=True)
    assert packed.segment_lengths.tolist() == [9] * 5 + [6]


@pytest.mark.parametrize("copied", [deepcopy, lambda packer: pickle.loads(pickle.dumps(packer))])
def test_packer_copies_keep_settings(copied):
    packer = Packer("fixed", "truncate", True)
    assert copied(packer) == packer


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"packing": "chunks"}, r"packing is 'chunks', expected one of sentences, greedy, fixed"),
        ({"overflow": "drop"}, r"overflow is 'drop', expected one of window, truncate, error"),
    ],
)
def test_packer_refuses_unknown_choices(settings, message):
    with pytest.raises(ValueError, match=message):
        Packer(**settings)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"segment_length": 1}, "segment_length is 1.*2 or more"),
        ({"max_segments": 0}, "max_segments is 0.*1 or more"),
    ],
)
def test_packer_refuses_sizes_without_room(sizes, message):
    with pytest.raises(ValueError, match=message):
        pack([NLP(SHORT)], **sizes)


def test_packer_falls_back_to_the_start_of_text_token():
    tokenizer = wordpiece_tokenizer()
    tokenizer.cls_token = None
    tokenizer.bos_token = "[MASK]"
    packed = Packer()([NLP("hello")], tokenizer, segment_length=9, max_segments=4)
    assert packed.piece_ids[0] == tokenizer.mask_token_id


def test_packer_refuses_tokenizers_without_a_classifier_token():
    tokenizer = wordpiece_tokenizer()
    tokenizer.cls_token = None
    with pytest.raises(ValueError, match=r"neither a cls_token nor a bos_token.*tokenizer_config"):
        Packer()([NLP("hello")], tokenizer, segment_length=9, max_segments=4)
