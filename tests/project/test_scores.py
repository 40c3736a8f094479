"""Scores: what counts as right."""

import pytest
import spacy
from spacy.tokens import Doc, Span

from scripts.scores import NO_LABEL, document_scores, label_scores, sentence_labels


def doc_with_spans(*spans: tuple[int, int, str], scores: list | None = None) -> Doc:
    doc = Doc(spacy.blank("en").vocab, words=["a", "b", "c", "d"])
    doc.spans["sc"] = [Span(doc, start, end, label=label) for start, end, label in spans]
    if scores is not None:
        doc.spans["sc"].attrs["scores"] = scores
    return doc


GOLD = ((0, 2, "x"), (2, 4, "y"))


@pytest.mark.parametrize(
    ("predicted", "scores", "labels"),
    [
        (GOLD, None, ["x", "y"]),
        ((GOLD[1],), None, [NO_LABEL, "y"]),
        ((), None, [NO_LABEL, NO_LABEL]),
        (((0, 3, "x"), GOLD[1]), None, [NO_LABEL, "y"]),
        (((0, 2, "x"), (0, 2, "z"), GOLD[1]), [0.2, 0.7, 0.5], ["z", "y"]),
        (GOLD, [[0.5], [0.5]], ["x", "y"]),
    ],
)
def test_sentence_labels_line_up_by_boundaries(predicted, scores, labels):
    assert sentence_labels(doc_with_spans(*GOLD), doc_with_spans(*predicted, scores=scores)) == (["x", "y"], labels)


def test_sentence_labels_of_a_doc_without_predictions():
    plain = Doc(spacy.blank("en").vocab, words=["a", "b", "c", "d"])
    assert sentence_labels(doc_with_spans(*GOLD), plain)[1] == [NO_LABEL, NO_LABEL]


def test_label_scores_average_over_the_labels_of_gold():
    scores = label_scores(["x", "x", "y", "y"], ["x", "x", NO_LABEL, "z"])
    assert scores == {"accuracy": 0.5, "macro_f1": 0.5, "f1_per_label": {"x": 1.0, "y": 0.0}}


def test_document_scores_tell_long_documents_from_others():
    scores = document_scores(["x", "x", "y"], ["x", "y", "y"], [1200, 1201, 5000])
    assert [scores[name] for name in ("n_long", "accuracy_long", "n_other", "accuracy_other")] == [2, 0.5, 1, 1.0]


def test_document_scores_without_long_documents_have_no_accuracy_of_them():
    assert document_scores(["x"], ["x"], [10])["accuracy_long"] is None
