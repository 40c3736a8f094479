"""The reader that deals out long documents in passages."""

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_hat.corpora.passages import passages, passages_v1

NLP = spacy.blank("en")


def document(n_sentences: int) -> Doc:
    doc = Doc(NLP.vocab, words=["It", "is", "."] * n_sentences)
    doc.spans["sc"] = [Span(doc, 3 * i, 3 * i + 3, label=f"L{i}", span_id=i) for i in range(n_sentences)]
    return doc


def labels_of(docs: list[Doc]) -> list[list[str]]:
    return [[span.label_ for span in doc.spans["sc"]] for doc in docs]


@pytest.mark.parametrize(("n_sentences", "sizes"), [(1, [1] * 7), (3, [3, 2, 2]), (6, [4, 3]), (7, [7]), (9, [7])])
def test_passages_have_about_as_many_sentences(n_sentences, sizes):
    assert [len(given) for given in labels_of(list(passages(document(7), n_sentences, "sc")))] == sizes


@pytest.mark.parametrize("n_sentences", [1, 3, 9])
def test_passages_lose_nothing(n_sentences):
    doc = document(7)
    cut = list(passages(doc, n_sentences, "sc"))
    assert "".join(passage.text_with_ws for passage in cut) == doc.text_with_ws
    assert [label for labels in labels_of(cut) for label in labels] == labels_of([doc])[0]
    assert [span.text for passage in cut for span in passage.spans["sc"]] == [span.text for span in doc.spans["sc"]]
    assert [span.id for passage in cut for span in passage.spans["sc"]] == list(range(7))


def test_passages_take_what_stands_before_the_first_sentence_along():
    doc = Doc(NLP.vocab, words=["Title", "One", "Two"])
    doc.spans["sc"] = [Span(doc, 1, 2, label="A"), Span(doc, 2, 3, label="B")]
    assert [passage.text for passage in passages(doc, 1, "sc")] == ["Title One ", "Two "]


def test_passages_do_not_cut_other_spans():
    doc = document(4)
    doc.spans["other"] = [Span(doc, 4, 8, label="X")]
    cut = list(passages(doc, 2, "sc"))
    assert [len(passage.spans["other"]) for passage in cut] == [1]
    assert labels_of(cut) == [["L0", "L1", "L2", "L3"]]


@pytest.mark.parametrize("doc", [NLP(""), NLP("No spans here."), document(2)])
def test_passages_leave_short_documents_as_they_are(doc):
    assert list(passages(doc, 2, "sc")) == [doc]


def test_passages_refuse_labels_of_documents():
    doc = document(3)
    doc.cats = {"A": 1.0}
    with pytest.raises(ValueError, match=r"labels of its own \('A'\)"):
        list(passages(doc, 2, "sc"))


def test_reader_gives_passages_without_annotation(tmp_path):
    DocBin(docs=[document(5), document(2)]).to_disk(tmp_path / "train.spacy")
    examples = list(passages_v1(tmp_path / "train.spacy", n_sentences=2)(NLP))
    assert labels_of([example.reference for example in examples]) == [["L0", "L1"], ["L2", "L3"], ["L4"], ["L0", "L1"]]
    assert not any(example.predicted.spans for example in examples)
    assert [example.predicted.text for example in examples] == [example.reference.text for example in examples]


@pytest.mark.parametrize(
    ("settings", "complaint"), [({"path": None}, "path of the corpus is null"), ({"n_sentences": 0}, "n_sentences = 0")]
)
def test_reader_refuses_impossible_settings(tmp_path, settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        passages_v1(**{"path": tmp_path, **settings})
