"""A reader for training that deals out long documents whose sentences have labels in passages of consecutive sentences.

One step of training learns from a few documents. If each has hundreds of labelled sentences, a few hundred steps have
read all of them many times over, and that is too few steps for an encoder to learn from. Passages make many.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example
from spacy.training.corpus import FILE_TYPE, walk_corpus

from .doc_bins import SPANS_KEY, path_of_corpus


def passages_v1(
    path: Path | None, *, n_sentences: int = 48, spans_key: str = SPANS_KEY, limit: int = 0
) -> Callable[[Language], Iterable[Example]]:
    """Read documents for training in passages, as `spacy.Corpus.v1` reads whole ones.

    For training alone: development documents are read whole, as those of an application are.

    path (Path | None): `.spacy` file, or folder of them. It must be given by the time of training.
    n_sentences (int): Annotated sentences of a passage at most; all passages of a document have about as many.
    spans_key (str): Where they stand: doc.spans[spans_key].
    limit (int): Most documents to read; 0 for all.
    RETURNS (Callable): From a pipeline to its examples.
    RAISES (ValueError): If there is no path, or if a passage could not have a sentence.
    """
    found = path_of_corpus(path)
    if n_sentences < 1:
        raise ValueError(
            f"spacy-hat.passages.v1 has n_sentences = {n_sentences}. Expected: at least 1, such as 48. Correct it in "
            "[corpora.train]."
        )
    corpus = Corpus(found, limit=limit)

    def read(nlp: Language) -> Iterator[Example]:
        docs = corpus.read_docbin(nlp.vocab, walk_corpus(found, FILE_TYPE))
        return corpus.make_examples(nlp, (part for doc in docs for part in passages(doc, n_sentences, spans_key)))

    return read


def passages(doc: Doc, n_sentences: int, spans_key: str) -> Iterator[Doc]:
    """Cut a document before annotated sentences. No token and no annotated span is lost.

    doc (Doc): The document, with spans.
    n_sentences (int): Annotated sentences of a passage at most, unless spans cross every place to cut at.
    spans_key (str): Which spans are the sentences.
    YIELDS (Doc): The passages in order, or the document itself if it is one.
    RAISES (ValueError): If the document has labels of its own, which are not those of its passages.
    """
    starts = _starts(doc, n_sentences, spans_key)
    if len(starts) == 1:
        yield doc
        return
    if doc.cats:
        raise ValueError(
            "spacy-hat.passages.v1 cuts documents for labels of sentences. Got: a document with labels of its own "
            f"({', '.join(map(repr, list(doc.cats)[:3]))}), of which no passage tells. Expected: spans alone. Set "
            '@readers = "spacy.Corpus.v1" in [corpora.train].'
        )
    for start, end in pairwise([*starts, len(doc)]):
        passage = doc[start:end].as_doc()
        for key, spans in doc.spans.items():
            inside = [span for span in spans if start <= span.start and span.end <= end]
            passage.spans[key] = [_moved(span, passage, start) for span in inside]
        yield passage


def _starts(doc: Doc, n_sentences: int, spans_key: str) -> list[int]:
    """First tokens of the passages."""
    sentences = sorted(span.start for span in doc.spans.get(spans_key, ()))
    if len(sentences) <= n_sentences:
        return [0]
    parts = numpy.array_split(sentences, -(-len(sentences) // n_sentences))
    crossed = {place for spans in doc.spans.values() for span in spans for place in range(span.start + 1, span.end)}
    return [0, *sorted({int(part[0]) for part in parts[1:]} - crossed - {0})]


def _moved(span: Span, passage: Doc, start: int) -> Span:
    """The same span of a document that begins at another one's token."""
    return Span(passage, span.start - start, span.end - start, label=span.label, kb_id=span.kb_id, span_id=span.id)
