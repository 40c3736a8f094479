"""The pipeline that answers for every document: even batches, bounded memory, and failures kept apart."""

import gc
import weakref

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from spacy_hat.annotation.annotator import Annotator, Task
from spacy_hat.annotation.documents import Document
from spacy_hat.annotation.parts import Part, Unit
from spacy_hat.annotation.windows import LEAST, SMALLEST, Budget, windows_of
from spacy_hat.corpora.rows import Row

from ..support.annotations import rows, run, save_lines, save_model
from ..support.asked import OUTCOMES, long_text, start_asking


def part():
    return Part(Unit(0, ()), 0)


def document_of(row):
    return Document(row.place, row.values["text"])


def sizes(lengths, budget, *workers):
    found = (Row(str(n), {"text": "x" * length}) for n, length in enumerate(lengths))
    windows = windows_of(iter([(part(), found)]), Budget(budget, *workers), document_of, print)
    return [[len(one.text) for one in window.documents] for window in windows]


def test_windows_hold_as_many_characters_as_the_budget_takes():
    assert sizes([300, 300, 400, 300, 5000, 10], 1000) == [[300, 300, 400], [300], [5000], [10]]
    assert sizes([], 1000) == [[]]
    assert len(sizes([0] * 10, 5 * LEAST)) == 2


def test_windows_are_smaller_at_the_end_where_several_read():
    n_docs, budget = 500, 20_000
    assert {sum(one) for one in sizes([LEAST] * n_docs, budget, 1, n_docs)} == {budget}
    assert {sum(one) for one in sizes([LEAST] * n_docs, budget, 2, None)} == {budget}
    found = [sum(one) for one in sizes([LEAST] * n_docs, budget, 2, n_docs)]
    assert found == sorted(found, reverse=True)
    assert found[0] == budget
    assert found[-1] <= budget // SMALLEST
    assert sum(found) == n_docs * LEAST


def test_windows_stay_above_a_size_where_more_documents_come_than_were_counted():
    found = [sum(one) for one in sizes([LEAST] * 100, 20_000, 2, 1)]
    assert max(found) <= 20_000 // SMALLEST
    assert sum(found) == 100 * LEAST


def test_annotator_reads_documents_by_length_and_keeps_their_order(tmp_path):
    read = []

    @Language.component("noting")
    def noting(doc):
        read.append(len(doc.text))
        doc.cats = {"length": float(len(doc.text))}
        return doc

    nlp = spacy.blank("en")
    nlp.add_pipe("noting")
    nlp.to_disk(tmp_path / "model")
    texts = ["a " * n for n in (30, 1, 20, 2, 10)]
    answers = Annotator(Task(str(tmp_path / "model")))([Document(str(n), text) for n, text in enumerate(texts)])
    assert [answer.values["cats"]["length"] for answer in answers] == [len(text) for text in texts]
    assert read == sorted(read)


def test_annotator_tries_each_document_alone_where_a_batch_failed(hat_folder, tmp_path):
    # A stock component gives up its whole batch; only one of its documents is to blame.
    nlp = spacy.load(save_model(hat_folder, tmp_path, "textcat"))
    nlp.to_disk(tmp_path / "other")
    annotator = Annotator(Task(str(tmp_path / "other")))
    textcat = annotator.nlp.get_pipe("textcat")
    predict = textcat.predict

    def poisoned(docs):
        if any("read" in doc.text for doc in docs):
            raise KeyError("read")
        return predict(docs)

    textcat.predict = poisoned
    texts = ["hello world.", "we read.", "costs follow."]
    answers = annotator([Document(str(n), text) for n, text in enumerate(texts)])
    assert [answer.error for answer in answers] == ["", "Component 'textcat': KeyError: 'read'", ""]
    assert [bool(answer.values) for answer in answers] == [True, False, True]


@pytest.mark.parametrize("n_docs", [100, 400])
def test_annotate_keeps_no_more_documents_than_a_window(tmp_path, monkeypatch, n_docs):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    living, most = weakref.WeakSet(), [0]
    make_doc = Language.make_doc

    def counted(self, text):
        doc = make_doc(self, text)
        living.add(doc)
        most[0] = max(most[0], len(living))
        return doc

    monkeypatch.setattr(Language, "make_doc", counted)
    source = save_lines(tmp_path / "docs.jsonl", rows(n_docs))
    gc.collect()
    run(tmp_path / "model", source, tmp_path / "out", "--budget", 2000)
    assert 1 < most[0] <= 2000 // LEAST + 2  # and what the pipeline holds on to between two windows


def test_annotator_asks_what_stands_in_the_row_and_gives_what_was_chosen(tmp_path, asking_hat):
    nlp, _ = start_asking(asking_hat, "hat_choice")
    nlp.to_disk(tmp_path / "model")
    annotator = Annotator(Task(str(tmp_path / "model")))
    document = Document("a", long_text(0), {"options": [*OUTCOMES], "question": "the court?"})
    (answer,) = annotator([document])
    assert not answer.error
    assert {"choice", "choice_scores"} <= set(annotator.columns())
    assert answer.values["choice"] in OUTCOMES
    assert sum(answer.values["choice_scores"]) == pytest.approx(1.0, abs=1e-5)
    (packed,) = Annotator(Task(str(tmp_path / "model"), format="spacy"))([document])
    (doc,) = DocBin().from_bytes(packed.packed).get_docs(nlp.vocab)
    assert doc.user_data["hat"]["choice"] == answer.values["choice"]
