"""Beside the start of a document, sentences from the rest of it: what an encoder of 512 pieces may read a second time.

As Park, Vyas and Shah 2022 have it, an encoder reads the first 510 pieces, and 510 more of sentences that are drawn at
random, or that TextRank (Mihalcea and Tarau 2004) says are central. Here they come from what the first pieces leave.
"""

from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy
from sklearn.feature_extraction.text import CountVectorizer
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span

from scripts.compare.text_baselines import read_docs
from scripts.corpus_files import blank_english, write_parts
from spacy_hat.packing import tokenize

Choice = Literal["random", "TextRank"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
DAMPING = 0.85
N_STEPS = 50


english = cache(blank_english)
"""Made once: that takes longer than to choose sentences."""


def write_chosen(corpus: Path, out: Path, choice: Choice, *, tokenizer: Any, n_pieces: int, seed: int) -> None:
    """Write a corpus of which an encoder reads twice n_pieces of each document.

    corpus (Path): Folder of train, dev and test.
    out (Path): Folder for the same documents: their start, then the sentences chosen, in their order.
    choice (Choice): How.
    tokenizer (Any): A fast Hugging Face tokenizer.
    n_pieces (int): Of the start, and of the sentences, at most.
    seed (int): Of those drawn at random.
    """
    random = numpy.random.default_rng(seed)
    parts = {}
    for part in ("train", "dev", "test"):
        docs = read_docs(corpus / f"{part}.spacy")
        parts[part] = [shortened(doc, choice, tokenizer, n_pieces, random) for doc in docs]
    write_parts(parts, out)


def shortened(doc: Doc, choice: Choice, tokenizer: Any, n_pieces: int, random: numpy.random.Generator) -> Doc:
    """Take the start of a document, and chosen sentences of the rest.

    doc (Doc): With labels in doc.cats.
    choice (Choice): How they are chosen.
    tokenizer (Any): A fast Hugging Face tokenizer.
    n_pieces (int): Of either, at most.
    random (Generator): For those drawn at random.
    RETURNS (Doc): The same labels, and less text; a document that is short enough is as it was.
    """
    pieces = tokenize(doc, tokenizer)
    if len(pieces) <= 2 * n_pieces:
        return doc
    cut = int(pieces.piece_tokens[n_pieces, 0])
    sizes = numpy.bincount(pieces.piece_tokens[:, 0], minlength=len(doc))
    rest = [sent for sent in Sentencizer()(doc[cut:].as_doc()).sents if sent.text.strip()]
    lengths = [int(sizes[cut + sent.start : cut + sent.end].sum()) for sent in rest]
    order = random.permutation(len(rest)) if choice == "random" else numpy.argsort(-text_rank(rest), kind="stable")
    chosen, room = [], n_pieces
    for number in order.tolist():
        if lengths[number] <= room:
            chosen.append(number)
            room -= lengths[number]
    texts = [doc[:cut].text, *(rest[number].text.strip() for number in sorted(chosen))]
    found = english().make_doc(" ".join(texts))
    found.cats = dict(doc.cats)
    return found


def text_rank(sentences: list[Span]) -> numpy.ndarray:
    """Rank sentences: those are central that share many words with other central ones.

    sentences (list[Span]): Of a document.
    RETURNS (ndarray): (n_sents,) how central each is; they sum to 1.
    """
    n_sents = len(sentences)
    if not any(token.is_alpha for sent in sentences for token in sent):
        return numpy.full(n_sents, 1 / max(n_sents, 1))
    words = CountVectorizer(binary=True, token_pattern=r"(?u)\b\w+\b").fit_transform([sent.text for sent in sentences])
    shared = (words @ words.T).toarray().astype("float64")
    lengths = numpy.log(numpy.maximum(shared.diagonal(), 1))
    numpy.fill_diagonal(shared, 0)
    alike = shared / numpy.maximum(lengths[:, None] + lengths[None, :], 1e-9 + numpy.log(2))
    totals = alike.sum(axis=1, keepdims=True)
    follows = numpy.where(totals > 0, alike / numpy.where(totals > 0, totals, 1), 1 / n_sents)
    rank = numpy.full(n_sents, 1 / n_sents)
    for _ in range(N_STEPS):
        rank = (1 - DAMPING) / n_sents + DAMPING * rank @ follows
    return rank
