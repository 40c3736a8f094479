"""TF-IDF and a linear classifier: what words alone say, without an encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy
import spacy
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.svm import LinearSVC
from spacy.tokens import Doc, DocBin

from scripts.scores import SPANS_KEY, Predicted, Ranking, best_label, flat, quality
from spacy_hat.packing import tokenize
from spacy_hat.training.label_sequences import ScoredSequences
from spacy_hat.training.weighing import best_weighing, count_chain, log_frequencies, weighed_scores

T = TypeVar("T")
Classifier = Literal["regression", "svm"]
# Regularization, from strong to weak; the best on dev is taken.
TRIALS: dict[Classifier, tuple[float, ...]] = {"regression": (1.0, 10.0, 100.0), "svm": (0.1, 1.0, 10.0)}
RANKED_TRIALS: dict[Classifier, tuple[float, ...]] = {
    "regression": (0.01, 0.1, 1.0, 10.0),
    "svm": (0.001, 0.01, 0.1, 1.0),
}
"""Where one label is looked for and words say little of it, the strongest of TRIALS would be too weak."""
AROUND = "\x1f"
"""Between a sentence and those around it: no text has this character, a separator of units."""


@dataclass(frozen=True)
class Texts:
    """What a corpus has a label for: documents, or the sentences of documents.

    texts (Sequence[Sequence[str]]): Of each document, itself or its sentences.
    labels (Sequence[Sequence[str]]): As many labels.
    """

    texts: Sequence[Sequence[str]]
    labels: Sequence[Sequence[str]]

    @property
    def lengths(self) -> numpy.ndarray:
        """RETURNS (numpy.ndarray): How many labels each document has (n_docs,)."""
        return numpy.array([len(labels) for labels in self.labels], dtype="int64")

    def like(self, found: Sequence[T]) -> list[list[T]]:
        """RETURNS (list[list[T]]): Labels, or what else lies end to end, by document."""
        ends = numpy.cumsum(self.lengths)
        return [list(found[end - length : end]) for end, length in zip(ends, self.lengths, strict=True)]


def read_docs(path: Path) -> list[Doc]:
    """Read all documents of a .spacy file."""
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def read_sentences(path: Path) -> Texts:
    """RETURNS (Texts): The labelled sentences of a .spacy file."""
    spans = [list(doc.spans[SPANS_KEY]) for doc in read_docs(path)]
    texts = [[span.text for span in of_doc] for of_doc in spans]
    return Texts(texts, [[span.label_ for span in of_doc] for of_doc in spans])


def with_neighbours(sentences: Texts, n_neighbours: int) -> Texts:
    """Put the sentences around each one beside it.

    sentences (Texts): Of documents.
    n_neighbours (int): How many on each side; 0: the sentences stay as they are.
    RETURNS (Texts): Each sentence, and those around it, which `fit` tells from its own words.
    """
    if not n_neighbours:
        return sentences
    texts = []
    for of_doc in sentences.texts:
        around = [
            [*of_doc[max(0, i - n_neighbours) : i], *of_doc[i + 1 : i + 1 + n_neighbours]] for i in range(len(of_doc))
        ]
        texts.append([text + AROUND + "\n".join(others) for text, others in zip(of_doc, around, strict=True)])
    return Texts(texts, sentences.labels)


def read_documents(path: Path, tokenizer: Any, n_pieces: int | None) -> Texts:
    """RETURNS (Texts): The documents of a .spacy file, or their first so many pieces."""
    docs = read_docs(path)
    texts = [[doc.text if n_pieces is None else first_pieces(doc, tokenizer, n_pieces)] for doc in docs]
    return Texts(texts, [[best_label(doc.cats)] for doc in docs])


def first_pieces(doc: Doc, tokenizer: Any, n_pieces: int) -> str:
    """Cut a document where an encoder of limited length does.

    doc (Doc): The document.
    tokenizer (Any): A fast Hugging Face tokenizer.
    n_pieces (int): How many pieces it can read.
    RETURNS (str): The tokens that have all their pieces among the first n_pieces.
    """
    pieces = tokenize(doc, tokenizer)
    if len(pieces) <= n_pieces:
        return doc.text
    return doc[: int(pieces.piece_tokens[n_pieces, 0])].text


def fit(train: Texts, dev: Texts, classifier: Classifier, looked_for: str | None = None) -> Pipeline:
    """Train on words and pairs of words, classes weighted as if they were equally frequent; the best of the trials.

    train (Texts): To train on.
    dev (Texts): To choose the regularization by: accuracy and macro-F1 count alike.
    classifier (Literal): Which.
    looked_for (str | None): A label; then the average precision of it is what counts.
    RETURNS (Pipeline): From texts to labels.
    """
    best: tuple[float, Pipeline | None] = (-1.0, None)
    for C in (TRIALS if looked_for is None else RANKED_TRIALS)[classifier]:
        if classifier == "svm":
            linear: Any = LinearSVC(C=C, class_weight="balanced", random_state=0)
        else:
            linear = LogisticRegression(C=C, class_weight="balanced", max_iter=1000)
        model = make_pipeline(_words(has_neighbours=AROUND in train.texts[0][0]), linear)
        model.fit(flat(train.texts), flat(train.labels))
        on_dev = by_words(model, dev, looked_for)
        if on_dev.ranking is not None:
            score = on_dev.ranking.average_precision(dev.labels)
        else:
            score = quality(flat(dev.labels), flat(on_dev.found))
        if score > best[0]:
            best = score, model
    assert best[1] is not None
    return best[1]


def _words(*, has_neighbours: bool) -> Any:
    """Words and pairs of words; those of neighbours count apart from a sentence's own."""
    counts: dict[str, Any] = {"ngram_range": (1, 2), "sublinear_tf": True, "min_df": 2}
    if not has_neighbours:
        return TfidfVectorizer(**counts)
    parts = (lambda text: text.partition(AROUND)[0].lower(), lambda text: text.partition(AROUND)[2].lower())
    return make_union(*(TfidfVectorizer(preprocessor=part, **counts) for part in parts))


def by_words(model: Pipeline, test: Texts, looked_for: str | None = None) -> Predicted:
    """RETURNS (Predicted): Each text by its words, and how likely it has the label that is looked for."""
    texts = flat(test.texts)
    found = test.like(list(model.predict(texts)))
    if looked_for is None:
        return Predicted(test.labels, found)
    if hasattr(model, "predict_proba"):
        chances = model.predict_proba(texts)
    else:
        decisions = model.decision_function(texts)
        chances = expit(decisions if decisions.ndim == 2 else numpy.column_stack([-decisions, decisions]))
    return Predicted(test.labels, found, ranking=_ranking(list(model.classes_), chances, test, looked_for))


def _ranking(names: list[str], chances: numpy.ndarray, test: Texts, label: str) -> Ranking:
    """Of texts by a model that knows labels of such names; it has never a label that it does not know."""
    column = chances[:, names.index(label)] if label in names else numpy.zeros(len(chances))
    return Ranking(label, test.like(column.tolist()))


def by_words_in_chain(
    model: Pipeline, train: Texts, dev: Texts, test: Texts, looked_for: str | None = None
) -> Predicted:
    """Label sentences by their words and their neighbours' labels, as `spacy hat calibrate` has it.

    model (Pipeline): A logistic regression.
    train (Texts): Labels are counted here.
    dev (Texts): The chain is weighed here.
    test (Texts): To be labelled.
    looked_for (str | None): The label whose chances are kept.
    RETURNS (Predicted): The labels.
    """
    names = list(model.classes_)
    counted = _scored(model, names, train)
    chain, prior = count_chain(counted, len(names)), log_frequencies(counted.labels, len(names))
    weighing = best_weighing(_scored(model, names, dev), chain, prior)
    chances = weighed_scores(_scored(model, names, test), chain, prior, weighing)
    ranking = None if looked_for is None else _ranking(names, chances, test, looked_for)
    return Predicted(test.labels, test.like([names[i] for i in chances.argmax(axis=1)]), ranking=ranking)


def _scored(model: Pipeline, names: list[str], texts: Texts) -> ScoredSequences:
    # A label that train does not have can never be predicted.
    labels = numpy.array([names.index(label) if label in names else 0 for label in flat(texts.labels)], dtype="int64")
    chances = model.predict_proba(flat(texts.texts))
    return ScoredSequences(labels, texts.lengths, numpy.log(numpy.maximum(chances, 1e-12)))
