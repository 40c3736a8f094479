"""Documents in spaCy's own format, and what belongs to them."""

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin
from spacy.training.corpus import FILE_TYPE, walk_corpus
from spacy.vocab import Vocab

from .asked import ANSWERS_KEY, CHOICE, QUESTION, gold_questions, install_extensions, options_on
from .sources import Source

SPANS_KEY = "sc"
USER_KEY = "hat"
"""Where `doc.user_data` has the columns of a document that are neither its text nor its labels."""


def read_docs(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the documents of a .spacy file, with labels, spans, sentences and columns in the places of `convert`.

    source (Source): The file.
    YIELDS (tuple[str, dict[str, Any]]): Where it stands, and its values.
    RAISES (ValueError): If it is something else.
    """
    doc_bin = load(source.path)
    try:
        for number, doc in enumerate(doc_bin.get_docs(Vocab()), start=1):
            yield f"{source.path}, document {number}", _values(doc)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(source.path, error) from error


def load(path: Path) -> DocBin:
    """RETURNS (DocBin): The documents of a .spacy file. RAISES (ValueError): If it is something else."""
    try:
        return DocBin().from_disk(path)
    except OSError:
        raise
    except Exception as error:  # of zlib, msgpack or numpy, by where the file is damaged
        raise _damaged(path, error) from error


def path_of_corpus(path: Path | None) -> Path:
    """RETURNS (Path): The path that a reader was given. RAISES (ValueError): If it was given none."""
    if path is None:
        raise ValueError("The path of the corpus is null. Expected: a .spacy file, or a folder of them: --paths.train")
    return path


def count_docs(corpus: Path) -> int:
    """RETURNS (int): Documents of a `.spacy` file, or of all in a folder. RAISES (ValueError): If there are none."""
    n_docs = sum(len(load(file)) for file in _files(corpus))
    if not n_docs:
        raise ValueError(
            f"{corpus} holds no documents. Expected: a .spacy file, or a folder of them. To make one from CSV or "
            "JSONL: python -m spacy hat convert"
        )
    return n_docs


def count_labels(corpus: Path) -> Counter[str]:
    """RETURNS (Counter[str]): How many documents of a `.spacy` file, or of all in a folder, have each label."""
    bins = (load(file) for file in _files(corpus))
    return Counter(label for doc_bin in bins for cats in doc_bin.cats for label, value in cats.items() if value > 0.5)


def _files(corpus: Path) -> list[Path]:
    with warnings.catch_warnings(action="ignore"):  # that a folder has no such files, which callers see
        return walk_corpus(corpus, FILE_TYPE)


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(
        f"{path} cannot be read as a DocBin ({error}). Expected: documents as DocBin.to_disk, `spacy convert` or "
        "`spacy hat convert` write them. Make it again; texts of another form need another name, such as .jsonl or "
        ".txt."
    )


def _values(doc: Doc) -> dict[str, Any]:
    kept = doc.user_data.get(USER_KEY)
    values: dict[str, Any] = dict(kept) if isinstance(kept, dict) else {}
    values["text"] = doc.text
    if doc.cats:
        values["cats"] = dict(doc.cats)
    if spans := doc.spans.get(SPANS_KEY):
        values["spans"] = [{"start": s.start_char, "end": s.end_char, "label": s.label_} for s in spans]
    if doc.has_annotation("SENT_START") and len(doc) > 0:
        values["sentence_starts"] = [sent.start_char for sent in doc.sents]
    _values_asked(doc, values)
    return values


def _values_asked(doc: Doc, values: dict[str, Any]) -> None:
    """Questions, answers and options, in the form that they are read in."""
    install_extensions()
    try:
        questions, options = gold_questions(doc), options_on(doc)
    except ValueError:  # somebody else's, of the same name
        return
    ids = values.pop("question_ids", ())
    answers = doc.spans.get(ANSWERS_KEY, [])
    if questions:
        values["qas"] = [
            {
                "question": question,
                "answers": [{"text": s.text, "answer_start": s.start_char} for s in answers if s.label_ == question],
                **({"id": ids[number]} if number < len(ids) else {}),
            }
            for number, question in enumerate(questions)
        ]
    if options:
        values |= {"options": options, "answer": doc._.get(CHOICE), "question": doc._.get(QUESTION)}
