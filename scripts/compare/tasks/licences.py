"""Licence texts and their legal category, told by clauses that may stand anywhere. Grouped by owner."""

import re
from collections import Counter
from pathlib import Path

import srsly
from rich.console import Console

from scripts.compare.tasks.labelled_texts import LabelledText, write_texts
from scripts.compare.tasks.task import Split, Task

FOLDER = Path("assets/packages/licensedcode/data/licenses")
HEAD = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", flags=re.DOTALL)
LEAST_WORDS = 400
LEAST_TEXTS = 30


def read_licences(folder: Path = FOLDER) -> list[LabelledText]:
    """Read the English licences of some length that are not deprecated, of categories that have some.

    folder (Path): Of `.LICENSE` files, a head in YAML and the text.
    RETURNS (list[LabelledText]): Sorted by name.
    """
    texts = []
    for path in sorted(folder.glob("*.LICENSE")):
        found = HEAD.match(path.read_text(encoding="utf8"))
        if found is None:
            continue
        about, text = srsly.yaml_loads(found[1]), found[2].strip()
        if about.get("is_deprecated") or about.get("language", "en") != "en" or len(text.split()) < LEAST_WORDS:
            continue
        # Owners that nobody knows are not one owner.
        owner = str(about.get("owner", "Unspecified"))
        group = path.stem if owner == "Unspecified" else owner
        texts.append(LabelledText(text, str(about["category"]), group))
    counts = Counter(text.label for text in texts)
    return [text for text in texts if counts[text.label] >= LEAST_TEXTS]


def write(out: Path, split: Split, console: Console) -> object:
    """Write the parts of a split."""
    return write_texts(read_licences(), out, split, console, name="licences")


TASK = Task("licences", "Licence texts: their legal category, from the whole document", "documents", write)
