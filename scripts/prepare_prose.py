"""What other libraries say of themselves, without labels: a corpus to pretrain on before NumPy's reference.

One docstring is one document, as `prepare_reference` has them: its prose alone, without titles, examples and markup,
paragraphs joined by one space. Modules are read and never imported, so the libraries need not be installed.

NumPy's and scikit-learn's references are what pipelines are tested on. A docstring that shares much of its wording with
one of theirs (libraries copy from each other) is left out, in whatever part it stands there.
"""

import ast
import importlib
import importlib.util
import inspect
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from spacy.language import Language

from scripts.corpus_files import blank_english, progress_bar
from scripts.docstring_prose import prose
from scripts.numpy_reference import read_reference
from scripts.prepare_reference import separate_full_stop
from spacy_hat.machine.atomic_output import new_file

TESTED = ("numpy", "sklearn")
FEWEST_WORDS = 40
RUN_OF_WORDS = 8
MOST_SHARED = 0.1
"""A docstring is left out if more than this part of its runs of words stands in a tested reference."""

# Headings in Google's form. Those in NumPy's form are titles, which `prose` knows.
HEADING = re.compile(
    r"^[ \t]*(args|arguments|parameters|keyword args|attributes|returns?|yields?|raises|examples?|notes?|warnings?"
    r"|see also|references|shape)[ \t]*::?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(folder: Path) -> Iterator[str]:
    """Read the docstrings of a library.

    folder (Path): Its modules, at any depth. Tests are left out, and what is not Python of this version.
    YIELDS (str): The docstrings, in the order of files.
    """
    for path in sorted(folder.rglob("*.py")):
        if {"tests", "testing", "conftest.py"} & set(path.relative_to(folder).parts):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf8"))
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, Documented) and (docstring := ast.get_docstring(node)):
                yield docstring


def text_of(docstring: str, nlp: Language) -> str:
    """RETURNS (str): The prose of a docstring in one line, without headings."""
    readable = docstring.replace("\0", " ").encode("utf8", "ignore").decode("utf8")  # examples of what is not text
    without = HEADING.sub("", inspect.cleandoc(readable))
    return " ".join(separate_full_stop(paragraph.text, nlp) for paragraph in prose(without))


def runs(text: str) -> set[tuple[str, ...]]:
    """RETURNS (set[tuple[str, ...]]): All runs of RUN_OF_WORDS words that follow each other."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + RUN_OF_WORDS]) for i in range(len(words) - RUN_OF_WORDS + 1)}


def tested_runs(packages: Sequence[str]) -> set[tuple[str, ...]]:
    """RETURNS (set[tuple[str, ...]]): Those of the references of packages, as far as these are installed."""
    found: set[tuple[str, ...]] = set()
    for package in packages:
        if importlib.util.find_spec(package) is not None:
            for entry in read_reference(importlib.import_module(package)):
                found |= runs(" ".join(paragraph.text for paragraph in entry.paragraphs))
    return found


def prepare_prose(folders: Sequence[Path], out: Path, console: Console) -> dict[str, int]:
    """Write the corpus, one document in a line.

    folders (Sequence[Path]): The libraries.
    out (Path): A file of JSON lines; replaced.
    console (Console): For the progress bar.
    RETURNS (dict[str, int]): Documents of each library, by the name of its folder, and how many were left out.
    """
    nlp = blank_english()
    with console.status("reading the tested references"):
        tested = tested_runs(TESTED)
    counts, seen = dict.fromkeys([*(folder.name for folder in folders), "left out"], 0), set()
    with new_file(out) as made, made.open("w", encoding="utf8") as file, progress_bar(console) as progress:
        for folder in progress.track(folders, description="prose"):
            for docstring in docstrings(folder):
                text = text_of(docstring, nlp)
                if len(text.split()) < FEWEST_WORDS or text in seen:
                    continue
                seen.add(text)
                own = runs(text)
                if len(own & tested) > MOST_SHARED * len(own):
                    counts["left out"] += 1
                    continue
                counts[folder.name] += 1
                file.write(json.dumps({"text": text, "library": folder.name}) + "\n")
    return counts


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders of libraries")],
    out: Annotated[Path, typer.Option(help="File of JSON lines")] = Path("corpus/prose.jsonl"),
) -> None:
    """Docstrings of other libraries -> texts to pretrain on."""
    console = Console()
    for folder in folders:
        if not folder.is_dir():
            raise typer.BadParameter(f"There is no folder {folder}. Fetch it: python -m spacy project run prose-assets")
    for name, count in prepare_prose(folders, out, console).items():
        console.print(f"{name:<14} {count:>7,}")


if __name__ == "__main__":
    typer.run(main)
