"""Documents with questions: every piece once, and the question where it is promised."""

from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc

from spacy_hat.packing import Packer, tokenize
from spacy_hat.packing.pairs import LongLeadError, PackedPair, Pair, lead_pieces, pack_pairs

from ..support.docs import NLP, ODD_TEXTS, TOKENIZERS

QUESTION = "the court?"
LEADS = ["segments", "windows"]
SIZES = {"segment_length": 12, "max_segments": 3}


def packed(texts: tuple[str, ...], doc: Doc, leads: Any, name: str = "wordpiece", **settings: Any) -> PackedPair:
    (pair,) = pack_pairs([Pair(texts, doc)], Packer(**settings), TOKENIZERS[name], leads=leads, **SIZES).pairs
    return pair


def segments_of(pair: PackedPair) -> list[list[int]]:
    return [part.tolist() for part in np.split(pair.piece_ids, np.cumsum(pair.segment_lengths)[:-1])]


def windows_of(pair: PackedPair) -> list[list[list[int]]]:
    segments, windows = iter(segments_of(pair)), pair.window_lengths.tolist()
    return [[next(segments) for _ in range(n)] for n in windows]


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("leads", LEADS)
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_pairs_hold_every_piece_once_behind_the_question(text: str, leads: str, tokenizer: str) -> None:
    made, doc = TOKENIZERS[tokenizer], NLP(ODD_TEXTS[text])
    lead = lead_pieces([QUESTION], made).tolist()
    if leads == "segments" and len(lead) > 8:
        pytest.skip("a question of so many pieces is refused")
    cls = made.cls_token_id if made.cls_token_id is not None else made.bos_token_id
    pair = packed((QUESTION,), doc, leads, tokenizer)
    of_doc: list[int] = []
    for window in windows_of(pair):
        assert len(window) <= SIZES["max_segments"]
        assert all(segment[0] == cls and len(segment) <= SIZES["segment_length"] for segment in window)
        bodies = [segment[1:] for segment in window]
        if leads == "segments":
            assert all(body[: len(lead)] == lead for body in bodies)
            of_doc += [piece for body in bodies for piece in body[len(lead) :]]
        else:
            joined = [piece for body in bodies for piece in body]
            assert joined[: len(lead)] == lead
            of_doc += joined[len(lead) :]
    assert of_doc == tokenize(doc, made).ids.tolist()


@pytest.mark.parametrize("leads", LEADS)
def test_pairs_know_the_rows_of_tokens_and_windows(leads: str) -> None:
    doc = NLP(ODD_TEXTS["long"])
    pair, pieces = packed((QUESTION,), doc, leads), tokenize(doc, TOKENIZERS["wordpiece"])
    tokens = pair.tokens
    assert len(pair.window_lengths) > 1
    assert (pieces.token_counts[tokens] > 0).all()
    assert (pair.piece_ids[pair.first_rows] == pieces.ids[pieces.token_first[tokens]]).all()
    last = pieces.token_first[tokens] + pieces.token_counts[tokens] - 1
    assert (pair.piece_ids[pair.last_rows] == pieces.ids[last]).all()
    window_starts = np.cumsum([0, *(sum(map(len, window)) for window in windows_of(pair))])[:-1]
    assert pair.window_rows.tolist() == window_starts.tolist()


def test_pairs_of_a_batch_are_those_of_each_alone() -> None:
    docs = [NLP(ODD_TEXTS["long"]), NLP(""), NLP("the court held that.")]
    pairs = [Pair((question,), doc) for doc in docs for question in (QUESTION, "costs?")]
    batch = pack_pairs(pairs, Packer(), TOKENIZERS["wordpiece"], leads="windows", **SIZES)
    alone = [packed(pair.texts, pair.doc, "windows") for pair in pairs]
    assert batch.piece_ids.tolist() == [piece for pair in alone for piece in pair.piece_ids]
    assert batch.n_segments.tolist() == [len(pair.segment_lengths) for pair in alone]
    assert batch.window_lengths.sum() == len(batch.segment_lengths) == len(batch.segment_positions)


@pytest.mark.parametrize("leads", LEADS)
def test_pairs_of_an_empty_document_are_the_question_alone(leads: str) -> None:
    pair = packed((QUESTION,), NLP(" \n"), leads)
    made = TOKENIZERS["wordpiece"]
    assert segments_of(pair) == [[made.cls_token_id, *lead_pieces([QUESTION], made)]]
    assert len(pair.tokens) == 0
    assert pair.window_rows.tolist() == [0]


def test_pairs_of_two_texts_have_a_separator_behind_each() -> None:
    made = TOKENIZERS["wordpiece"]
    pieces = lead_pieces(["the court?", "costs"], made).tolist()
    assert [n for n, piece in enumerate(pieces) if piece == made.sep_token_id] == [3, 5]


@pytest.mark.parametrize(("leads", "remedy"), [("segments", 'set leads = "windows"'), ("windows", "more segments")])
def test_pairs_refuse_a_question_that_leaves_no_room(leads: str, remedy: str) -> None:
    with pytest.raises(LongLeadError, match=f"leaves it no room.*{remedy}"):
        packed(("the court " * 12,), NLP("costs follow."), leads)


def test_pairs_are_cut_off_if_the_packer_says_so() -> None:
    with pytest.warns(UserWarning, match="cut off"):
        pair = packed((QUESTION,), NLP(ODD_TEXTS["long"]), "windows", overflow="truncate")
    assert pair.window_lengths.tolist() == [3]
    assert pair.tokens.max() < len(NLP(ODD_TEXTS["long"])) - 1
