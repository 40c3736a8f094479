"""What a caller may give a processor, as documents: texts, lists of sentences, spaCy Docs, one or a batch."""

from collections.abc import Callable, Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..corpora.boundaries import set_sentence_starts, tokens_at

Reader = Callable[[str], Doc]
EXPECTED = "a text, a spaCy Doc or a list of them, or sentences=[...], a list of sentences or a list of such lists"


def texts_of(text: Any) -> list[str | Doc]:
    """RETURNS (list[str | Doc]): (n_docs,) what was given as text. RAISES (ValueError): If it is something else."""
    given = [text] if isinstance(text, (str, Doc)) else text
    if not isinstance(given, (list, tuple)) or not given or not all(isinstance(one, (str, Doc)) for one in given):
        raise _strange("text", text)
    return list(given)


def sentences_of(sentences: Any) -> list[list[str]]:
    """RETURNS (list[list[str]]): (n_docs,) sentences of each document. RAISES (ValueError): If they are none."""
    given = sentences
    if isinstance(given, (list, tuple)) and given and all(isinstance(one, str) for one in given):
        given = [given]
    lists = isinstance(given, (list, tuple)) and bool(given) and all(isinstance(doc, (list, tuple)) for doc in given)
    if not lists or not all(isinstance(sentence, str) for doc in given for sentence in doc):
        raise _strange("sentences", sentences)
    return [list(doc) for doc in given]


def join_sentences(sentences: Sequence[str], make_doc: Reader) -> Doc:
    """Make a document whose sentences are known.

    sentences (Sequence[str]): The sentences. Where one ends, or the next begins, with white space, they are joined as
        they are, and by a space elsewhere: `sent.text_with_ws` of a Doc gives its very text, `sent.text` too where a
        space stands between sentences.
    make_doc (Callable[[str], Doc]): The tokenizer.
    RETURNS (Doc): Its tokens, and these sentences.
    RAISES (ValueError): If a sentence is blank, or has no token of its own.
    """
    for number, sentence in enumerate(sentences):
        if not sentence.strip():
            raise ValueError(
                f"Sentence {number} of a document is blank. Got: {sentence!r}. Expected: text, as answers are counted "
                "by sentences. Leave it out."
            )
    parts: list[str] = []
    starts: list[int] = []
    place = 0
    for sentence in sentences:
        if parts and not parts[-1][-1].isspace() and not sentence[0].isspace():
            parts.append(" ")
            place += 1
        starts.append(place + len(sentence) - len(sentence.lstrip()))
        parts.append(sentence)
        place += len(sentence)
    doc = make_doc("".join(parts))
    tokens = tokens_at(doc, starts)
    if len(tokens) != len(starts):
        raise ValueError(
            f"Some tokens of a document reach over more than one of its sentences. Got: {len(starts)} sentences that "
            f"begin with {len(tokens)} tokens. Expected: a token of its own at the beginning of each. Pass a spaCy Doc."
        )
    set_sentence_starts(doc, tokens)
    return doc


def reader_of(nlp: Any, *, needs_sentences: bool) -> Reader:
    """Find out how a user's pipeline reads a text.

    nlp (Any): A spaCy pipeline, or a function from a text to a Doc.
    needs_sentences (bool): Whether sentences matter.
    RETURNS (Callable[[str], Doc]): The function; of a pipeline, its tokenizer and what stands before the encoder.
    RAISES (ValueError): If it is neither.
    """
    if not callable(nlp):
        raise ValueError(
            f"nlp is of the type {type(nlp).__name__}, expected a spaCy pipeline, or a function from a text to a Doc. "
            "Load the pipeline: nlp=spacy.load(PIPELINE)."
        )
    if not isinstance(nlp, Language):
        return nlp
    if not needs_sentences:
        return nlp.make_doc
    before = before_encoder(nlp)

    def read(text: str) -> Doc:
        doc = nlp.make_doc(text)
        for _, component in before:
            doc = component(doc)
        return doc

    return read


def before_encoder(nlp: Language, encoder: str | None = None) -> list[tuple[str, Any]]:
    """RETURNS (list[tuple[str, Callable]]): Components that run before an encoder; None: before the first."""
    from ..pipeline.heads import encoders_of  # who calls this has pipelines, and spacy-transformers for them

    names = [found.component for found in encoders_of(nlp)] if encoder is None else [encoder]
    end = next((place for place, (name, _) in enumerate(nlp.pipeline) if name in names), len(nlp.pipeline))
    return list(nlp.pipeline[:end])


def _strange(name: str, value: Any) -> ValueError:
    got = "an empty list" if value in ([], ()) else f"{type(value).__name__} {str(value)[:60]!r}"
    return ValueError(f"HATProcessor cannot read {name}. Got: {got}. Expected: {EXPECTED}.")
