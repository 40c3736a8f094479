"""Docs that are made of records."""

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hat.corpora.docs import count_expanded, make_docs
from spacy_hat.corpora.records import Record

NLP = spacy.blank("en")


def test_docs_have_every_label_and_the_spans():
    records = [Record("", "one. two. ", ["a"], [(5, 10, "x")]), Record("", "three", ["b", "c"], [])]
    first, second = make_docs(NLP, records)
    assert first.cats == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert second.cats == {"a": 0.0, "b": 1.0, "c": 1.0}
    assert [(span.text, span.label_) for span in first.spans["sc"]] == [("two.", "x")]
    assert list(second.spans["sc"]) == []


def test_docs_have_no_place_for_what_no_record_has():
    (doc,) = make_docs(NLP, [Record("", "one", [], [])])
    assert (dict(doc.cats), list(doc.spans)) == ({}, [])


def test_docs_with_a_span_of_spaces_are_refused():
    with pytest.raises(ValueError, match="line 7 has the span ' '"):
        make_docs(NLP, [Record("line 7", "one two", [], [(3, 4, "x")])])


def test_docs_keep_sentences_and_columns_on_disk(tmp_path):
    text = "First line\n\n second. Third"
    record = Record("", text, [], [], sentence_starts=[0, 12, 21], columns={"id": 7, "meta": {"url": "x"}})
    DocBin(docs=make_docs(NLP, [record]), store_user_data=True).to_disk(tmp_path / "a.spacy")
    (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(NLP.vocab)
    assert [sent.text for sent in doc.sents] == ["First line\n\n ", "second.", "Third"]
    assert doc.user_data["hat"] == {"id": 7, "meta": {"url": "x"}}


def test_docs_without_given_sentences_have_none():
    (doc,) = make_docs(NLP, [Record("", "one. two.", ["a"], [])])
    assert not doc.has_annotation("SENT_START")


def test_docs_have_labels_that_are_only_ever_false():
    (doc,) = make_docs(NLP, [Record("", "one", ["a"], [], false_labels=["b"])])
    assert doc.cats == {"a": 1.0, "b": 0.0}


@pytest.mark.parametrize(("span", "text", "n_expanded"), [((0, 3), "one", 0), ((0, 4), "one", 0), ((5, 7), "two", 1)])
def test_docs_count_spans_inside_tokens(span, text, n_expanded):
    record = Record("", "one two", [], [(*span, "x")])
    (doc,) = make_docs(NLP, [record])
    assert (doc.spans["sc"][0].text, count_expanded(doc, record)) == (text, n_expanded)
