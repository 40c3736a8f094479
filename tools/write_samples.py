"""Writes the documents that `spacy hat sample` gives: `python -m tools.write_samples`.

The same packages give the same bytes.

    python -m pip install --no-deps --target assets/packages licensedcode-data==32.1.0

Licence texts come from that package, of 400 to 1,500 words, and at most two of one owner. The docstrings are those of
the installed NumPy.
"""

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import srsly
from spacy.pipeline import Sentencizer

from scripts.compare.tasks.licences import FOLDER, HEAD
from scripts.corpus_files import blank_english
from scripts.numpy_reference import read_reference, twin_groups
from scripts.prepare_reference import SPANS_KEY, make_doc
from spacy_hat.choices import SampleName
from spacy_hat.samples.documents import file_of

LICENCES = "spacy-hat sample: licensedcode-data 32.1.0, nexB Inc. and others, CC-BY-4.0"
DOCSTRINGS = f"spacy-hat sample: NumPy {numpy.__version__}, NumPy Developers, BSD-3-Clause"
# Category -> number of texts; rare ones choose first.
CATEGORIES = {"Copyleft": 32, "Copyleft Limited": 48, "Proprietary Free": 56, "Permissive": 64}
LEAST_WORDS, MOST_WORDS = 400, 1500
MOST_OF_OWNER = 2
N_DOCSTRINGS = 150
LEAST_SENTENCES, MOST_SENTENCES = 12, 60
SEED = 0


def licences(folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    """Choose licence texts.

    folder (Path): Of `.LICENSE` files, a head in YAML and the text.
    YIELDS (dict[str, Any]): A record, its label the category.
    """
    texts: dict[str, list[dict[str, Any]]] = {category: [] for category in CATEGORIES}
    for path in sorted(folder.glob("*.LICENSE")):
        if (found := HEAD.match(path.read_text(encoding="utf8"))) is None:
            continue
        about, text = srsly.yaml_loads(found[1]), found[2].strip()
        is_left_out = about.get("is_deprecated") or about.get("is_generic") or about.get("language", "en") != "en"
        if is_left_out or about["category"] not in texts or not LEAST_WORDS <= len(text.split()) <= MOST_WORDS:
            continue
        record = {"id": path.stem, "owner": str(about["owner"]), "label": about["category"], "text": text}
        texts[about["category"]].append(record)
    rng = random.Random(SEED)
    chosen = []
    owners: Counter[str] = Counter()
    for category, number in CATEGORIES.items():
        rng.shuffle(texts[category])
        few: list[dict[str, Any]] = []
        for record in texts[category]:
            if len(few) < number and owners[record["owner"]] < MOST_OF_OWNER:
                owners[record["owner"]] += 1
                few.append(record)
        chosen += few
    rng.shuffle(chosen)
    yield from chosen


def docstrings() -> Iterator[dict[str, Any]]:
    """Choose docstrings of NumPy.

    YIELDS (dict[str, Any]): A record with sentences, the label of each its section, and the group of its twins.
    """
    entries = read_reference()
    groups = twin_groups(entries)
    nlp, sentencizer = blank_english(), Sentencizer()
    order = numpy.random.default_rng(SEED).permutation(len(entries))
    number = 0
    for index in order.tolist():
        doc = make_doc(entries[index].paragraphs, nlp, sentencizer)
        spans = doc.spans[SPANS_KEY]
        if not LEAST_SENTENCES <= len(spans) <= MOST_SENTENCES or number == N_DOCSTRINGS:
            continue
        sentences = [{"text": span.text, "label": span.label_} for span in spans]
        if " ".join(sentence["text"] for sentence in sentences) != doc.text:  # sentences would not be found again
            continue
        number += 1
        yield {"id": entries[index].name, "group": int(groups[index]), "sentences": sentences}


def write(name: SampleName, source: str, records: Iterator[dict[str, Any]]) -> Path:
    """Write a sample: a record on each line, compressed, without a date.

    name (SampleName): Its name.
    source (str): Whose the documents are, for each record.
    records (Iterator[dict[str, Any]]): The documents.
    RETURNS (Path): The file.
    """
    lines = [json.dumps({**record, "source": source}, ensure_ascii=False) for record in records]
    path = file_of(name)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), compresslevel=9, mtime=0))
    print(f"{path}: {len(lines)} documents, {path.stat().st_size:,} bytes")  # noqa: T201
    return path


if __name__ == "__main__":
    write("licences", LICENCES, licences())
    write("docstrings", DOCSTRINGS, docstrings())
