"""What counts as right, for documents and for sentences: the same for every pipeline and every baseline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy
from rich.table import Table
from sklearn.metrics import accuracy_score, average_precision_score, f1_score
from spacy.tokens import Doc, SpanGroup

SPANS_KEY = "sc"
LONG_DOCUMENT = 1200  # pieces: more than two windows of an encoder that reads 512

# The label of a sentence that got none. No corpus has it, so it is never right.
NO_LABEL = ""

Scores = dict[str, Any]


@dataclass(frozen=True)
class Ranking:
    """How likely it is that a document, or a sentence, has the label that is looked for.

    label (str): Which.
    chances (Sequence[Sequence[float]]): Of each document, as many as it has right labels. Only their order counts.
    """

    label: str
    chances: Sequence[Sequence[float]]

    def wanted(self, gold: Sequence[Sequence[str]]) -> list[list[bool]]:
        """RETURNS (list[list[bool]]): What is to be found, by document."""
        return [[label == self.label for label in of_doc] for of_doc in gold]

    def average_precision(self, gold: Sequence[Sequence[str]]) -> float:
        """RETURNS (float): Mean over all that is to be found of the precision down to it, the likeliest first."""
        wanted, chances = (numpy.array(list(chain.from_iterable(each))) for each in (self.wanted(gold), self.chances))
        return float(average_precision_score(wanted, chances)) if wanted.any() else 0.0


@dataclass(frozen=True)
class Predicted:
    """Right and predicted labels of some documents: one each, or one for each annotated sentence.

    gold (Sequence[Sequence[str]]): The right labels of each document.
    found (Sequence[Sequence[str]]): As many predicted ones.
    n_pieces (Sequence[int] | None): Lengths, of documents that have one label each; None: their sentences have labels.
    ranking (Ranking | None): Of a task that looks for one label.
    """

    gold: Sequence[Sequence[str]]
    found: Sequence[Sequence[str]]
    n_pieces: Sequence[int] | None = None
    ranking: Ranking | None = None

    def scores(self) -> Scores:
        """RETURNS (Scores): As of `document_scores` or `sentence_scores`; average precision, too, of a ranking."""
        gold, found = flat(self.gold), flat(self.found)
        if self.n_pieces is not None:
            scores = document_scores(gold, found, self.n_pieces)
        else:
            scores = sentence_scores(gold, found, n_docs=len(self.gold))
        if self.ranking is not None:
            scores["average_precision"] = self.ranking.average_precision(self.gold)
        return scores

    def right(self) -> list[str]:
        """RETURNS (list[str]): For each document "1" and "0" for what is right and wrong in it, for paired tests."""
        pairs = zip(self.gold, self.found, strict=True)
        return ["".join(str(int(a == b)) for a, b in zip(gold, found, strict=True)) for gold, found in pairs]


def chances_in_order(gold: Doc, chances: Mapping[tuple[int, int], float]) -> list[float]:
    """Line up the annotated sentences of a document with how likely each has a label.

    gold (Doc): With spans in `doc.spans["sc"]`.
    chances (Mapping[tuple[int, int], float]): By the first and last character of what a pipeline took for a sentence.
    RETURNS (list[float]): Of each annotated sentence (n_sents,); 0 of those that the pipeline did not find.
    """
    return [chances.get((span.start_char, span.end_char), 0.0) for span in gold.spans[SPANS_KEY]]


def flat(labels: Iterable[Iterable[str]]) -> list[str]:
    """RETURNS (list[str]): The labels of all documents, end to end."""
    return list(chain.from_iterable(labels))


def best_label(scores: Mapping[str, float]) -> str:
    """The label of the highest score; NO_LABEL if there is none."""
    return max(scores, key=lambda label: scores[label], default=NO_LABEL)


def sentence_labels(gold: Doc, predicted: Doc) -> tuple[list[str], list[str]]:
    """Line up the annotated sentences of a document with what a pipeline says of them.

    gold (Doc): With spans in `doc.spans["sc"]`.
    predicted (Doc): The same text. A span whose boundaries are not those of an annotated sentence does not count.
    RETURNS (tuple[list[str], list[str]]): Annotated and predicted label of each annotated sentence (n_sents,).
    """
    found: dict[tuple[int, int], dict[str, float]] = {}
    spans = predicted.spans[SPANS_KEY] if SPANS_KEY in predicted.spans else SpanGroup(predicted)
    # spancat writes (n_spans,) scores, spancat_singlelabel (n_spans, 1), and neither any where there are no spans.
    scores = numpy.ravel(spans.attrs.get("scores", numpy.ones(len(spans))))
    for span, score in zip(spans, scores, strict=True):
        found.setdefault((span.start_char, span.end_char), {})[span.label_] = float(score)
    wanted = [(span.label_, (span.start_char, span.end_char)) for span in gold.spans[SPANS_KEY]]
    return [label for label, _ in wanted], [best_label(found.get(place, {})) for _, place in wanted]


def quality(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """RETURNS (float): What trials are chosen by on dev: accuracy and macro-F1 count alike."""
    return float(accuracy_score(gold, predicted) + f1_score(gold, predicted, average="macro", zero_division=0))


def label_scores(gold: Sequence[str], predicted: Sequence[str]) -> Scores:
    """Score one label a document, or one a sentence.

    gold (Sequence[str]): The right labels.
    predicted (Sequence[str]): As many predicted ones.
    RETURNS (Scores): Accuracy, macro-averaged F1 and the F1 of each label that occurs in gold.
    """
    labels = sorted(set(gold))
    per_label = f1_score(gold, predicted, labels=labels, average=None, zero_division=0)
    return {
        "accuracy": float(accuracy_score(gold, predicted)),
        "macro_f1": float(numpy.mean(per_label)),
        "f1_per_label": {label: float(score) for label, score in zip(labels, per_label, strict=True)},
    }


def document_scores(gold: Sequence[str], predicted: Sequence[str], n_pieces: Sequence[int]) -> Scores:
    """Score labels of documents, of the long ones and the others as well.

    gold (Sequence[str]): The right labels (n_docs,).
    predicted (Sequence[str]): The predicted ones (n_docs,).
    n_pieces (Sequence[int]): The length of each document (n_docs,).
    RETURNS (Scores): Those of `label_scores`, and accuracy and number of long and of other documents.
    """
    right = numpy.array(gold) == numpy.array(predicted)
    is_long = numpy.array(n_pieces) > LONG_DOCUMENT
    scores = {"task": "textcat", "n_docs": len(right), **label_scores(gold, predicted)}
    for name, chosen in (("long", is_long), ("other", ~is_long)):
        scores[f"n_{name}"] = int(chosen.sum())
        scores[f"accuracy_{name}"] = float(right[chosen].mean()) if chosen.any() else None
    return scores


def sentence_scores(gold: Sequence[str], predicted: Sequence[str], *, n_docs: int) -> Scores:
    """Score labels of sentences.

    gold (Sequence[str]): The right labels (n_sents,), of all documents.
    predicted (Sequence[str]): The predicted ones (n_sents,).
    n_docs (int): How many documents they are from.
    RETURNS (Scores): Those of `label_scores`, and the counts.
    """
    return {"task": "spancat", "n_docs": n_docs, "n_sents": len(gold), **label_scores(gold, predicted)}


def scores_table(scores: Scores, title: str) -> Table:
    """Show scores, one a row.

    scores (Scores): From `document_scores` or `sentence_scores`.
    title (str): The table's title.
    RETURNS (Table): Names and values.
    """
    table = Table("", "", title=title, show_header=False)
    for name, value in scores.items():
        if isinstance(value, dict):
            for label, score in value.items():
                table.add_row(f"  F1, {label}", f"{score:.3f}")
        elif value is not None:
            table.add_row(name.replace("_", " "), f"{value:.3f}" if isinstance(value, float) else str(value))
    return table
