"""Files of documents: which there are, what form each has, and their text in UTF-8."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

from ..choices import Form

STDIN = "-"
ENDINGS: dict[str, Form] = {
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".ssv": "ssv",
    ".parquet": "parquet",
    ".spacy": "spacy",
}
TABLES = ("csv", "tsv", "ssv")
BINARY = ("parquet", "spacy")
EXPECTED = (
    "documents as .txt, .jsonl, .ndjson, .json, .csv, .tsv, .ssv (each also as .gz), .parquet or .spacy, or a folder"
)


@dataclass(frozen=True)
class Source:
    """A file of documents.

    path (Path): Where it is; `-` for what comes from stdin.
    form (Form): How it is to be read. A name with another ending, or none, is one text.
    folder (Path): Its folder, as seen from the folder that was asked for; `.` for a file that was asked for itself.
    """

    path: Path
    form: Form
    folder: Path = Path()

    @property
    def is_stdin(self) -> bool:
        return str(self.path) == STDIN

    @property
    def is_compressed(self) -> bool:
        return _is_compressed(self.path)

    @contextmanager
    def open(self, *, newline: str | None = None) -> Iterator[TextIO]:
        """Open it as text in UTF-8, with or without a byte order mark, compressed or not.

        newline (str | None): What ends a line, as in `open`.
        YIELDS (TextIO): The file.
        RAISES (ValueError): If it is not text, as soon as that is seen.
        """
        try:
            if self.is_stdin:
                yield io.TextIOWrapper(io.BytesIO(sys.stdin.buffer.read()), encoding="utf-8-sig", newline=newline)
            elif _is_compressed(self.path):
                with gzip.open(self.path, "rt", encoding="utf-8-sig", newline=newline) as file:
                    yield cast(TextIO, file)
            else:
                with self.path.open(encoding="utf-8-sig", newline=newline) as file:
                    yield file
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{self._place_of_error()} is not UTF-8: {error.reason} at byte {error.start}. Expected: text in "
                "UTF-8. Save it so, or leave it out of the folder."
            ) from None
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(
                f"{self.path} is damaged: {error}. Expected: what gzip made, whole. Compress it again."
            ) from None

    def _place_of_error(self) -> str:
        """Look for the line again, in bytes: a decoder counts from where it stood."""
        if not self.is_stdin:
            with gzip.open(self.path) if _is_compressed(self.path) else self.path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    try:
                        line.decode("utf8")
                    except UnicodeDecodeError:
                        return f"{self.path}, line {number}"
        return str(self.path)


def find_sources(path: Path, form: Form | None = None) -> list[Source]:
    """Find the files of a corpus.

    path (Path): A file; a folder, whose visible files are taken at any depth, in the order of their paths; `-` for
        stdin.
    form (Form | None): How they are to be read; by their endings if None, and stdin as JSON lines.
    RETURNS (list[Source]): The files.
    RAISES (ValueError): If there are none.
    """
    if str(path) == STDIN:
        if form in BINARY:
            raise ValueError(f"stdin cannot be read as {form}. Expected: a form of text. Save it to a file first.")
        return [Source(path, form or "jsonl")]
    if not path.exists():
        raise ValueError(f"There is nothing at {path}. Expected: {EXPECTED}. Check the path.")
    if not path.is_dir():
        return [Source(path, form or form_of(path))]
    files = sorted(file for file in path.rglob("*") if file.is_file() and _is_visible(file.relative_to(path)))
    if not files:
        raise ValueError(f"{path} holds no files. Expected: {EXPECTED} of them. Check the path.")
    return [Source(file, form or form_of(file), file.relative_to(path).parent) for file in files]


def form_of(path: Path) -> Form:
    """RETURNS (Form): What the name of a file says; one text, if its ending is unknown."""
    return ENDINGS.get(path.with_suffix("").suffix.lower() if _is_compressed(path) else path.suffix.lower(), "txt")


def _is_compressed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _is_visible(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)
