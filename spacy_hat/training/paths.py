"""Paths that stand in a config: as values, and in its comments."""

import json
from pathlib import Path


def quoted(path: str | None) -> str:
    """RETURNS (str): A path as a value of a config. RAISES (ValueError): If a config cannot name it."""
    if path is not None and "${" in path:
        raise ValueError(
            f"{path!r} cannot stand in a config, where ${{…}} is the value of another entry. Expected: a path without "
            "it. Rename the file or folder."
        )
    return json.dumps(path and Path(path).as_posix())


def one_line(path: str) -> str:
    """RETURNS (str): A path for a comment. RAISES (ValueError): If it would not end with the line."""
    if not path.isprintable():
        raise ValueError(
            f"{path!r} holds a line break, or what else cannot be printed, and would write settings into the config. "
            "Rename the file or folder."
        )
    return path


def check_corpus(path: Path | None) -> None:
    """RAISES (ValueError): If a corpus is named and there is nothing."""
    if path is not None and not path.exists():
        raise ValueError(f"There is no corpus at {path}. Expected a .spacy file, or a folder of them.")
