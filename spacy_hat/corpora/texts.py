"""The texts of documents alone, from files of any form."""

from collections.abc import Iterator
from pathlib import Path

from .labels import LabelRules
from .records import Columns, text_of
from .rows import TEXT_KEY, read_rows
from .sources import Source, find_sources


def read_texts(path: Path, limit: int | None = None, *, text: str = TEXT_KEY) -> list[str]:
    """Read the texts of a file, or of every file in a folder.

    path (Path): A file in any form that `spacy hat convert` reads, or of any other name (then it is one text), a folder
        of them, or `-` for stdin. What else documents hold does not count.
    limit (int | None): Read so many documents; None: all.
    text (str): Name of the column or key with the text.
    RETURNS (list[str]): The texts that are not empty.
    RAISES (ValueError): If there is none, or something that cannot be read; says where.
    """
    texts: list[str] = []
    for source in find_sources(path):
        for content in iterate_texts(source, text=text):
            if limit is not None and len(texts) >= limit:
                return texts
            if content.strip():
                texts.append(content)
    if not texts:
        raise ValueError(f"There is no text in {path}. Expected: at least one document that is not empty.")
    return texts


def iterate_texts(source: Source, *, text: str = TEXT_KEY) -> Iterator[str]:
    """Read the texts of one file, one after the other.

    source (Source): One of `find_sources`.
    text (str): Name of the column or key with the text.
    YIELDS (str): The texts, empty ones included.
    RAISES (ValueError): If something cannot be read; says where.
    """
    columns = Columns(text=text)
    for row in read_rows([source], text=text):
        yield text_of(row, columns, LabelRules("spans")).text
