"""A reader for training that hands the sentences of annotated documents on to the pipeline."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus, Example, dont_augment

from .boundaries import set_sentence_starts, tokens_at

Augmenter = Callable[[Language, Example], Iterator[Example]]


class GivenSentencesCorpus:
    """Documents of .spacy files whose sentences, where they were given, are those that the pipeline begins with.

    path (str | Path): File, or folder of files.
    limit (int): Most documents to read; 0 for all.
    augmenter (Augmenter | None): As of `spacy.Corpus.v1`.
    """

    def __init__(self, path: str | Path, *, limit: int = 0, augmenter: Augmenter | None = None) -> None:
        self.corpus = Corpus(path, limit=limit, augmenter=dont_augment if augmenter is None else augmenter)

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Read the documents.

        nlp (Language): The pipeline, whose tokenizer is used.
        YIELDS (Example): A document with nothing but its sentences, and the annotated one.
        """
        for example in self.corpus(nlp):
            give_sentences(example.predicted, example.reference)
            yield example


def give_sentences(doc: Doc, annotated: Doc) -> None:
    """Set the sentences of one document on another of the same text, which may have other tokens.

    doc (Doc): The document to be changed.
    annotated (Doc): The document with sentences; if it has none, nothing happens.
    """
    if len(doc) > 0 and annotated.has_annotation("SENT_START"):
        set_sentence_starts(doc, tokens_at(doc, [sent.start_char for sent in annotated.sents]))


def doc_of_sentences(nlp: Language, sentences: Iterable[str]) -> Doc:
    """Make a document of sentences, for a pipeline that keeps those it is given: `nlp(doc_of_sentences(nlp, [...]))`.

    nlp (Language): The pipeline, whose tokenizer is used.
    sentences (Iterable[str]): The sentences, which are joined by spaces.
    RETURNS (Doc): The document.
    """
    parts = [part for sentence in sentences if (part := sentence.strip())]
    doc = nlp.make_doc(" ".join(parts))
    if parts:
        starts = [0]
        for part in parts[:-1]:
            starts.append(starts[-1] + len(part) + 1)
        set_sentence_starts(doc, tokens_at(doc, starts))
    return doc
