"""The texts of a corpus, whatever of three forms it has: plain, JSON lines, or spaCy's own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import spacy
from spacy.tokens import DocBin

TEXT_KEY = "text"


def find_texts(corpus: Path) -> list[Path]:
    """Find the files of a corpus.

    corpus (Path): A file, or a folder whose files, at any depth, are looked at in the order of their names.
    RETURNS (list[Path]): Those that can be read.
    RAISES (ValueError): If there are none.
    """
    endings = ", ".join(READERS)
    if not corpus.exists():
        raise ValueError(f"{corpus} is not there, expected a file or folder of texts ({endings}). Check the path.")
    files = sorted(corpus.rglob("*")) if corpus.is_dir() else [corpus]
    readable = [path for path in files if path.is_file() and path.suffix in READERS]
    if not readable:
        found = ", ".join(sorted({path.suffix or path.name for path in files if path.is_file()})) or "no file at all"
        raise ValueError(f"{corpus} holds no texts. Got: {found}. Expected: {endings}. Convert them to one of these.")
    return readable


def read_texts(file: Path) -> Iterator[str]:
    """Read the texts of one file.

    file (Path): One that find_texts found.
    YIELDS (str): The whole of a .txt, `text` of each line of a .jsonl, each document of a .spacy.
    RAISES (ValueError): If it cannot be read as what its name says.
    """
    try:
        yield from READERS[file.suffix](file)
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8: {error.reason} at byte {error.start}. Convert it to UTF-8.") from None


def _read_plain(file: Path) -> Iterator[str]:
    yield file.read_text(encoding="utf8")


def _read_json_lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                text = json.loads(line)[TEXT_KEY]
            except (ValueError, KeyError, TypeError):
                text = None
            if not isinstance(text, str):
                raise ValueError(
                    f"Line {number} of {file} is {line.strip()[:60]!r}, expected a JSON object with a string under "
                    f'"{TEXT_KEY}". Correct it.'
                )
            yield text


def _read_docs(file: Path) -> Iterator[str]:
    try:
        docs = DocBin().from_disk(file).get_docs(spacy.blank("xx").vocab)
    # Whatever zlib and msgpack say of other bytes.
    except Exception as error:
        raise ValueError(
            f"{file} cannot be read as spaCy's documents: {error}. Expected: what DocBin.to_disk wrote. Make it again."
        ) from None
    for doc in docs:
        yield doc.text


READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    ".txt": _read_plain,
    ".jsonl": _read_json_lines,
    ".spacy": _read_docs,
}
