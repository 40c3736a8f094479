import pickle
import warnings

import pytest
import spacy
from spacy.pipeline.spancat import Suggester
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import NumpyOps

from spacy_hat.pipeline.sentence_suggester import build_sentence_suggester

TEXTS = ["One. Two here! Three?", "One", "", " ", "\n\n", "A.\n\n\nB. ", "a b c d. . . e"]


def sentencize(text):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp(text)


def unsplit():
    return Doc(Vocab(), words=["no", "boundaries", "here"])


@pytest.mark.parametrize("text", TEXTS)
def test_sentence_suggester_suggests_doc_sents(text):
    doc = sentencize(text)
    spans = build_sentence_suggester()([doc])
    assert spans.dataXd.tolist() == [[sent.start, sent.end] for sent in doc.sents]


@pytest.mark.parametrize("texts", [TEXTS, TEXTS[::-1], ["", ""]])
def test_sentence_suggester_counts_by_document(texts):
    docs = [sentencize(text) for text in texts]
    spans = build_sentence_suggester()(iter(docs), ops=NumpyOps())
    assert spans.lengths.tolist() == [len(list(doc.sents)) for doc in docs]
    assert spans.dataXd.shape == (sum(spans.lengths), 2)


def test_sentence_suggester_reads_starts_marked_false():
    doc = Doc(Vocab(), words=list("abcd"), sent_starts=[False, False, True, False])
    assert build_sentence_suggester()([doc]).dataXd.tolist() == [[0, 2], [2, 4]]


def test_sentence_suggester_warns_of_documents_without_boundaries():
    with pytest.warns(UserWarning, match=r"'no boundaries here'.*sentencizer.*annotating_components"):
        spans = build_sentence_suggester()([sentencize("One. Two."), unsplit()])
    assert spans.lengths.tolist() == [2, 0]


def test_sentence_suggester_warns_once():
    suggest = build_sentence_suggester()
    with pytest.warns(UserWarning, match="given once"):
        suggest([unsplit()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert suggest([unsplit()]).lengths.tolist() == [0]


def test_sentence_suggester_is_picklable():
    suggest = pickle.loads(pickle.dumps(build_sentence_suggester()))
    assert suggest([sentencize("One. Two.")]).lengths.tolist() == [2]


def test_sentence_suggester_is_a_spacy_suggester():
    assert isinstance(build_sentence_suggester(), Suggester)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.\nTwo.", ["One.", "Two."]),
        ("\n One.  Two. \n\n", ["One.", "Two."]),
        (" \n ", []),
        ("", []),
        ("One two", ["One two"]),
    ],
)
def test_sentence_suggester_can_leave_out_spaces(text, expected):
    doc = sentencize(text)
    spans = build_sentence_suggester(trim=True)([doc])
    assert [doc[start:end].text for start, end in spans.dataXd.tolist()] == expected
    assert spans.lengths.tolist() == [len(expected)]
