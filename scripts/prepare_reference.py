"""NumPy's own reference as a corpus for `spancat`: which part of the documentation is a sentence from?

One docstring is one document. Its sentences are the spans of `doc.spans["sc"]`, each with the section it stood in;
`doc.cats` says what is documented, a class, a function or a method, for pipelines that learn both at once.
Sentences are those of spaCy's rule-based `sentencizer` on the final text, so that the sentence suggester of a pipeline
with a sentencizer proposes exactly these spans.

The layout gives nothing away: paragraphs are joined by one space, inside a section and between sections alike, and
each ends in a full stop of its own.

Twins (`numpy.add` and `numpy.ma.add`) are never in two parts, see numpy_reference.py. The corpus is that of the
installed NumPy: another version gives other documents.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy
import typer
from rich.console import Console
from spacy.language import Language
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span

from scripts.corpus_files import blank_english, counts_table, progress_bar, sentence_labels, write_parts
from scripts.docstring_prose import Paragraph
from scripts.numpy_reference import KINDS, Entry, read_reference, twin_groups

SPANS_KEY = "sc"
DEV_SHARE = 0.13
TEST_SHARE = 0.27

# A group of more than this part of dev or test would make it a corpus of one kind of function: it goes to train.
LARGEST_GROUP = 0.2


def separate_full_stop(text: str, nlp: Language) -> str:
    """Put a space before the last full stop where the tokenizer takes it for that of an abbreviation.

    Of "the shape of a." the tokenizer makes "a." one token, and the sentencizer would run on into the next section.

    text (str): A paragraph that ends in punctuation.
    nlp (Language): Has the tokenizer.
    RETURNS (str): The text, its last token being the punctuation.
    """
    return text if len(nlp.make_doc(text)[-1]) == 1 else f"{text[:-1]} {text[-1]}"


def sentence_spans(doc: Doc, starts: numpy.ndarray, labels: Sequence[str]) -> Iterator[Span]:
    """Label the sentences of a document with the sections they stood in.

    A bracket that opens a paragraph belongs to the sentence before it, for the sentencizer; words decide.

    doc (Doc): With sentences.
    starts (numpy.ndarray): The character at which each paragraph starts (n_paragraphs,).
    labels (Sequence[str]): The section of each paragraph.
    YIELDS (Span): A sentence with its label.
    """
    for sentence in doc.sents:
        words = [token.idx for token in sentence if not token.is_punct] or [sentence[0].idx]
        found = {labels[i] for i in numpy.searchsorted(starts, words, side="right") - 1}
        if len(found) > 1:
            raise ValueError(f"The sentence {sentence.text!r} is from the sections {sorted(found)}, not from one.")
        yield Span(doc, sentence.start, sentence.end, label=found.pop())


def make_doc(paragraphs: Sequence[Paragraph], nlp: Language, sentencizer: Sentencizer) -> Doc:
    """Join paragraphs to a document and label its sentences.

    paragraphs (Sequence[Paragraph]): The prose of one docstring.
    nlp (Language): Has the tokenizer.
    sentencizer (Sentencizer): Finds the sentences.
    RETURNS (Doc): With `doc.spans["sc"]`, and without sentence boundaries of its own.
    """
    texts = [separate_full_stop(paragraph.text, nlp) for paragraph in paragraphs]
    starts = numpy.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    doc = nlp.make_doc(" ".join(texts))
    spans = sentence_spans(sentencizer(doc.copy()), starts, [paragraph.label for paragraph in paragraphs])
    doc.spans[SPANS_KEY] = [Span(doc, span.start, span.end, label=span.label) for span in spans]
    return doc


def split_entries(entries: list[Entry], groups: numpy.ndarray, seed: int) -> dict[str, list[Entry]]:
    """Deal groups of twins into test, dev and train, in shuffled order.

    entries (list[Entry]): The docstrings.
    groups (numpy.ndarray): The group of each (n_docs,).
    seed (int): Of the shuffle.
    RETURNS (dict[str, list[Entry]]): Train, dev and test, each in shuffled order.
    """
    rng = numpy.random.default_rng(seed)
    members = [numpy.flatnonzero(groups == group) for group in rng.permutation(numpy.unique(groups))]
    room = {"test": int(TEST_SHARE * len(entries)), "dev": int(DEV_SHARE * len(entries)), "train": len(entries)}
    largest = {part: LARGEST_GROUP * size for part, size in room.items()} | {"train": len(entries)}
    parts: dict[str, list[Entry]] = {"train": [], "dev": [], "test": []}
    for group in members:
        part = next(part for part in room if len(group) <= min(room[part], largest[part]))
        room[part] -= len(group)
        parts[part].extend(entries[i] for i in group)
    return {part: [chosen[i] for i in rng.permutation(len(chosen))] for part, chosen in parts.items()}


def prepare_reference(
    out: Path, *, train_docs: int = 450, dev_docs: int = 100, test_docs: int = 200, seed: int = 0, console: Console
) -> dict[str, list[Doc]]:
    """Write the corpus of NumPy's reference.

    out (Path): Folder for train.spacy, dev.spacy and test.spacy.
    train_docs (int): At most so many documents to train on; 0 for all.
    dev_docs (int): At most so many for dev; 0 for all.
    test_docs (int): At most so many for test; 0 for all.
    seed (int): Of the split, and of the choice where there is a limit.
    console (Console): For the progress bar.
    RETURNS (dict[str, list[Doc]]): What was written, by part.
    """
    with console.status("reading NumPy's reference"):
        entries = read_reference()
        split = split_entries(entries, twin_groups(entries), seed)
    limits = {"train": train_docs, "dev": dev_docs, "test": test_docs}
    nlp = blank_english()
    sentencizer = Sentencizer()
    parts: dict[str, list[Doc]] = {}
    with progress_bar(console) as progress:
        for part, chosen in split.items():
            chosen = chosen[: limits[part] or None]
            track = progress.track(chosen, description=f"reference, {part}")
            parts[part] = [make_doc(entry.paragraphs, nlp, sentencizer) for entry in track]
            for doc, entry in zip(parts[part], chosen, strict=True):
                doc.cats = {kind: float(kind == entry.kind) for kind in KINDS}
    write_parts(parts, out)
    return parts


def main(
    out: Annotated[Path, typer.Option(help="Folder for the three .spacy files")] = Path("corpus/reference"),
    train_docs: Annotated[int, typer.Option(help="Documents to train on, 0 for all")] = 450,
    dev_docs: Annotated[int, typer.Option(help="Documents of dev, 0 for all")] = 100,
    test_docs: Annotated[int, typer.Option(help="Documents of test, 0 for all")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of the split")] = 0,
) -> None:
    """NumPy's docstrings -> train, dev and test for a span categorizer of sentences."""
    console = Console()
    parts = prepare_reference(
        out, train_docs=train_docs, dev_docs=dev_docs, test_docs=test_docs, seed=seed, console=console
    )
    title = f"Reference of NumPy {numpy.__version__} in {out}"
    console.print(counts_table(parts, title, sentence_labels, "sentences"))


if __name__ == "__main__":
    typer.run(main)
