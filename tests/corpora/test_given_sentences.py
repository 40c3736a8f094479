"""Sentences that documents were given, on their way to a pipeline."""

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus

from spacy_hat.corpora.docs import make_doc
from spacy_hat.corpora.given_sentences import GivenSentencesCorpus, doc_of_sentences
from spacy_hat.corpora.records import Record

NLP = spacy.blank("en")
TEXT = "1. Turn it off; wait. Then on"
STARTS = [0, 16, 22]
PARTS = ["1. Turn it off;", "wait.", "Then on"]


@pytest.fixture
def corpus(tmp_path):
    given = Record("", TEXT, [], [], sentence_starts=STARTS)
    docs = [make_doc(NLP, record, [], with_spans=False) for record in (given, Record("", TEXT, [], []))]
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    return tmp_path / "train.spacy"


def test_corpus_of_given_sentences_hands_them_on(corpus):
    given, other = GivenSentencesCorpus(corpus)(NLP)
    assert [sent.text for sent in given.predicted.sents] == PARTS
    assert not other.predicted.has_annotation("SENT_START")


def test_corpus_of_spacy_does_not(corpus):
    assert not next(iter(Corpus(corpus)(NLP))).predicted.has_annotation("SENT_START")


def test_corpus_of_given_sentences_takes_a_pipeline_with_another_tokenizer(corpus):
    nlp = spacy.blank("xx")
    given, _ = GivenSentencesCorpus(corpus)(nlp)
    assert [sent.text for sent in given.predicted.sents] == PARTS


def test_doc_of_sentences_has_them():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat_units", config={"unit": "given"})
    doc = nlp(doc_of_sentences(nlp, ["1. Turn it off; ", "", "wait.", "Then on"]))
    assert [sent.text for sent in doc.sents] == PARTS


def test_doc_of_no_sentences_is_empty():
    assert len(doc_of_sentences(NLP, [])) == 0
