"""Documents from files: the kinds that `spacy apply` reads, by the same rules."""

import json
from collections.abc import Iterator
from pathlib import Path

from spacy.tokens import DocBin
from spacy.vocab import Vocab


def read_texts(path: Path, vocab: Vocab, limit: int | None = None) -> list[str]:
    """Read the texts of a file, or of every file in a folder.

    path (Path): A .spacy file (its texts count, not its annotation), a .jsonl file (a document a line, its text under
        "text"), a text file of any other name (one document), or a folder of them.
    vocab (Vocab): Of the pipeline; .spacy files need one.
    limit (int | None): Read so many documents; None: all.
    RETURNS (list[str]): The texts. Files of a folder are read in the order of their paths, hidden ones are not.
    RAISES (ValueError): If there is nothing to read, or something that cannot be read; says where.
    """
    if not path.exists():
        raise ValueError(f"There is nothing at {path}. Expected: documents as .spacy, .jsonl or text, or a folder.")
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if _is_visible(file, path))
    texts: list[str] = []
    for file in files:
        for text in _read_file(file, vocab):
            if limit is not None and len(texts) >= limit:
                return texts
            if text.strip():
                texts.append(text)
    if not texts:
        raise ValueError(f"There is no text in {path}. Expected: at least one document that is not empty.")
    return texts


def _is_visible(file: Path, folder: Path) -> bool:
    return file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read_file(file: Path, vocab: Vocab) -> Iterator[str]:
    if file.suffix == ".spacy":
        return _read_docs(file, vocab)
    if file.suffix == ".jsonl":
        return _read_lines(file)
    return _read_text(file)


def _read_docs(file: Path, vocab: Vocab) -> Iterator[str]:
    try:
        docs = DocBin().from_disk(file).get_docs(vocab)
    except Exception as error:  # of zlib, msgpack or numpy, by where the file is damaged
        raise ValueError(
            f"{file} cannot be read as a DocBin ({error}). Expected: a file that DocBin.to_disk or `spacy convert` "
            "wrote. Write it again; texts of another form need another name, such as .jsonl or .txt."
        ) from error
    return (doc.text for doc in docs)


def _read_lines(file: Path) -> Iterator[str]:
    for number, line in enumerate(_read_string(file).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{file}, line {number} is not JSON ({error}). Expected: one object a line.") from error
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            raise ValueError(
                f"{file}, line {number} has no text. Got: {line.strip()[:60]}. Expected: an object with a string under "
                '"text".'
            )
        yield entry["text"]


def _read_text(file: Path) -> Iterator[str]:
    yield _read_string(file)


def _read_string(file: Path) -> str:
    try:
        return file.read_text(encoding="utf8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not text in UTF-8 ({error}). Convert it, or leave it out of the folder.") from None
