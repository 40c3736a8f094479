"""The start of a document, and sentences chosen from the rest."""

import numpy
import pytest
import spacy
from spacy.pipeline import Sentencizer
from spacy.tokens import DocBin

from scripts.compare.chosen_sentences import CHOICES, shortened, text_rank, write_chosen
from scripts.compare.methods import METHODS
from scripts.corpus_files import write_parts

from ..support.tokenizers_tiny import wordpiece_tokenizer

NLP = spacy.blank("en")
TEXT = "hello world . " + "".join(f"this is the court number {'hello ' * n}. " for n in range(12))


def doc_of(text=TEXT):
    doc = NLP(text)
    doc.cats = {"a": 1.0, "b": 0.0}
    return doc


def short(choice, doc, n_pieces=30, seed=0):
    return shortened(doc, choice, wordpiece_tokenizer(), n_pieces, numpy.random.default_rng(seed))


@pytest.mark.parametrize("choice", CHOICES)
def test_shortened_has_the_start_and_whole_sentences_of_the_rest(choice):
    doc = doc_of()
    found = short(choice, doc)
    assert found.text[:40] == doc.text[:40]
    assert len(found) < len(doc)
    assert found.cats == doc.cats
    sentences = {sent.text for sent in Sentencizer()(NLP(TEXT)).sents}
    assert sum(sent.text in sentences for sent in Sentencizer()(NLP(found.text)).sents) > 2


@pytest.mark.parametrize("choice", CHOICES)
def test_shortened_leaves_a_document_that_is_short_enough(choice):
    doc = doc_of("hello world. this is.")
    assert short(choice, doc) is doc


def test_shortened_draws_others_with_another_seed():
    assert len({short("random", doc_of(), seed=seed).text for seed in range(8)}) > 1
    assert short("random", doc_of(), seed=1).text == short("random", doc_of(), seed=1).text


def test_text_rank_prefers_what_shares_words_with_others():
    doc = Sentencizer()(NLP("Cats chase small mice. Dogs chase cats and mice. Mice fear cats. Unrelated stones."))
    rank = text_rank(list(doc.sents))
    assert rank.argmin() == 3
    assert rank.sum() == pytest.approx(1)


def test_text_rank_without_words_is_even():
    doc = Sentencizer()(NLP("1. 2. 3."))
    numpy.testing.assert_allclose(text_rank(list(doc.sents)), 1 / len(list(doc.sents)))


def test_write_chosen_keeps_all_documents(tmp_path):
    write_parts({part: [doc_of(), doc_of("hello.")] for part in ("train", "dev", "test")}, tmp_path / "all")
    write_chosen(tmp_path / "all", tmp_path / "some", "TextRank", tokenizer=wordpiece_tokenizer(), n_pieces=30, seed=0)
    docs = list(DocBin().from_disk(tmp_path / "some" / "test.spacy").get_docs(NLP.vocab))
    assert [doc.cats["a"] for doc in docs] == [1.0, 1.0]
    assert docs[1].text == "hello."


def test_methods_with_chosen_sentences_have_no_words_beside_them():
    names = [name for name in METHODS["news"] if "sentences" in name]
    assert names == [f"512 pieces and {choice} sentences" for choice in CHOICES]
