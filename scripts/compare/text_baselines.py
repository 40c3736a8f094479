"""TF-IDF and logistic regression: what words alone say, without an encoder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from spacy.tokens import Doc, DocBin

from scripts.scores import SPANS_KEY, Scores, best_label, document_scores, sentence_scores
from spacy_hat.packing import tokenize


def read_docs(path: Path) -> list[Doc]:
    """Read all documents of a .spacy file."""
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def fit_and_predict(texts: Sequence[str], labels: Sequence[str], unseen: Sequence[str]) -> list[str]:
    """Train on words and pairs of words, classes weighted as if they were equally frequent, and predict.

    The settings are the best of a small search on the speeches, where classes without weights cost ten points.

    texts (Sequence[str]): to train on.
    labels (Sequence[str]): their labels.
    unseen (Sequence[str]): to predict.
    RETURNS (list[str]): a label for each of the unseen texts.
    """
    classifier = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        LogisticRegression(C=10, class_weight="balanced", max_iter=1000),
    )
    return list(classifier.fit(texts, labels).predict(unseen))


def first_pieces(doc: Doc, tokenizer: Any, n_pieces: int) -> str:
    """Cut a document where an encoder of limited length does.

    doc (Doc): the document.
    tokenizer (Any): a fast Hugging Face tokenizer.
    n_pieces (int): how many pieces it can read.
    RETURNS (str): the tokens that have all their pieces among the first n_pieces.
    """
    pieces = tokenize(doc, tokenizer)
    if len(pieces) <= n_pieces:
        return doc.text
    return doc[: int(pieces.piece_tokens[n_pieces, 0])].text


def documents_by_words(train: Path, test: Path, tokenizer: Any, *, n_pieces: int | None = None) -> Scores:
    """Classify documents by their words.

    train (Path): .spacy file of documents with cats.
    test (Path): another.
    tokenizer (Any): of the encoders that this is compared with; counts pieces.
    n_pieces (int | None): read only the first so many pieces, or None for the whole text.
    RETURNS (Scores): as of `document_scores`.
    """

    def text(doc: Doc) -> str:
        return doc.text if n_pieces is None else first_pieces(doc, tokenizer, n_pieces)

    seen, unseen = read_docs(train), read_docs(test)
    predicted = fit_and_predict(
        [text(doc) for doc in seen], [best_label(doc.cats) for doc in seen], [text(doc) for doc in unseen]
    )
    lengths = [len(tokenize(doc, tokenizer)) for doc in unseen]
    return document_scores([best_label(doc.cats) for doc in unseen], predicted, lengths)


def sentences_by_words(train: Path, test: Path) -> Scores:
    """Classify sentences by their words, each on its own.

    train (Path): .spacy file of documents with labelled sentences in `doc.spans["sc"]`.
    test (Path): another.
    RETURNS (Scores): as of `sentence_scores`.
    """
    seen = [span for doc in read_docs(train) for span in doc.spans[SPANS_KEY]]
    unseen_docs = read_docs(test)
    unseen = [span for doc in unseen_docs for span in doc.spans[SPANS_KEY]]
    predicted = fit_and_predict(
        [span.text for span in seen], [span.label_ for span in seen], [span.text for span in unseen]
    )
    return sentence_scores([span.label_ for span in unseen], predicted, n_docs=len(unseen_docs))
