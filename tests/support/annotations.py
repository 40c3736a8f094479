"""Corpora to annotate, runs of `annotate`, and what they wrote."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import spacy
from pyarrow import parquet
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_hat.cli import app

from .explained import pipeline
from .pipelines import make_text

# Raises, or ends its process, at documents that say so. Runs before the encoder.
POISON = """
import os
from spacy.language import Language

@Language.component("poison")
def poison(doc):
    if "raise" in doc.text:
        raise RuntimeError("poisoned")
    if "kill" in doc.text:
        os.kill(os.getpid(), 9)
    return doc
"""


def save_model(hat_folder: Path, folder: Path, *heads: str) -> Path:
    """RETURNS (Path): A pipeline with heads that say something, or `textcat` and `spancat`."""
    pipeline(hat_folder, *(heads or ("textcat", "spancat"))).to_disk(folder / "model")
    return folder / "model"


def save_poisonous(hat_folder: Path, folder: Path) -> tuple[Path, Path]:
    """RETURNS (tuple[Path, Path]): A pipeline that fails at some documents, and the file with its component."""
    code = folder / "poison.py"
    code.write_text(POISON, encoding="utf8")
    spacy.util.import_file("poison", code)
    nlp = pipeline(hat_folder, "textcat")
    nlp.add_pipe("poison", before="transformer")
    nlp.to_disk(folder / "poisonous")
    return folder / "poisonous", code


def rows(n_docs: int) -> list[dict[str, Any]]:
    """Documents of very different lengths, with an id and a column besides."""
    return [{"id": f"d{n}", "text": " ".join([make_text(n)] * (1 + n % 4)), "year": 1990 + n} for n in range(n_docs)]


def save_lines(path: Path, values: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in values), encoding="utf8")
    return path


def run(*arguments: object) -> tuple[int, str]:
    """RETURNS (tuple[int, str]): Exit status, and all that was printed, in one line."""
    result = CliRunner().invoke(app, ["hat", "annotate", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def shards(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.startswith("part-"))


def read(folder: Path) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): Every row of every shard, in order; labels and scores as dicts."""
    found: list[dict[str, Any]] = []
    for path in shards(folder):
        if path.suffix == ".parquet":
            found += parquet.read_table(path).to_pylist()
        elif path.suffix == ".jsonl":
            found += [json.loads(line) for line in path.read_text(encoding="utf8").split("\n") if line]
        else:
            docs = DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)
            found += [{**doc.user_data["hat"], "cats": dict(doc.cats), "doc": doc} for doc in docs]
    for row in found:
        row["cats"] = dict(row["cats"]) if row["cats"] is not None else None
    return found
