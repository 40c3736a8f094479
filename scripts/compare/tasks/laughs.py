"""Episodes of a comedy, and whether a laugh follows a sentence. One episode is one document, and one group."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span

from scripts.compare.tasks.task import Split, Task
from scripts.corpus_files import Parts, blank_english, progress_bar, write_parts
from scripts.prepare_reference import DEV_SHARE, SPANS_KEY, TEST_SHARE, separate_full_stop

FOLDER = Path("assets/packages/seinfeld_laugh_corpus/the_corpus")
LAUGH, NO_LAUGH = "laugh", "no laugh"
LAUGH_MARK = "**LOL**"
ENDINGS = ".!?"


@dataclass(frozen=True)
class Utterance:
    """What is on the screen at once.

    text (str): What is said.
    laugh (bool): Whether a laugh follows.
    """

    text: str
    laugh: bool


def read_episode(content: str) -> list[Utterance]:
    """Read an episode: lines of text between two times, names of speakers after `#`, and marks of laughs.

    content (str): Of a `.merged` file.
    RETURNS (list[Utterance]): In order.
    """
    found: list[Utterance] = []
    lines: list[str] = []
    for line in map(str.strip, content.splitlines()):
        if line == LAUGH_MARK:
            if found:
                found[-1] = Utterance(found[-1].text, laugh=True)
        elif line.startswith("#") or _is_time(line):
            if lines:
                found.append(Utterance(" ".join(lines), laugh=False))
            lines = []
        elif line:
            lines.append(line)
    return [utterance for utterance in found if any(map(str.isalnum, utterance.text))]


def make_episode(utterances: list[Utterance]) -> Doc:
    """Join utterances to a document. The last sentence of each has its laugh, those before it have none.

    utterances (list[Utterance]): In order.
    RETURNS (Doc): With `doc.spans["sc"]`.
    """
    nlp = blank_english()
    texts = [_ended(utterance.text) for utterance in utterances]
    texts = [separate_full_stop(text, nlp) if text[-1] in ENDINGS else text for text in texts]
    doc = nlp.make_doc(" ".join(texts))
    ends, place = {}, -1
    for text, utterance in zip(texts, utterances, strict=True):
        place += 1 + len(text)
        ends[place] = utterance.laugh
    doc.spans[SPANS_KEY] = list(_labelled(doc, ends))
    return doc


def _labelled(doc: Doc, ends: dict[int, bool]) -> Iterator[Span]:
    """YIELDS (Span): Each sentence, with a laugh if the utterances that end in it have one."""
    places = sorted(ends)
    n_done = 0
    for sentence in Sentencizer()(doc.copy()).sents:
        laugh = False
        while n_done < len(places) and places[n_done] <= sentence.end_char:
            laugh |= ends[places[n_done]]
            n_done += 1
        yield Span(doc, sentence.start, sentence.end, label=LAUGH if laugh else NO_LAUGH)


def write(out: Path, split: Split, console: Console) -> Parts:
    """Write the parts of a split: whole episodes, in an order that the seed shuffles."""
    paths = sorted(FOLDER.glob("*.merged"))
    random.Random(split.seed).shuffle(paths)
    n_test, n_dev = round(TEST_SHARE * len(paths)), round(DEV_SHARE * len(paths))
    chosen = {"train": paths[n_test + n_dev :], "dev": paths[n_test : n_test + n_dev], "test": paths[:n_test]}
    parts: dict[str, list[Doc]] = {}
    with progress_bar(console) as progress:
        for part, files in chosen.items():
            track = progress.track(files, description=f"laughs, {part}")
            parts[part] = [make_episode(read_episode(path.read_text("utf8", errors="replace"))) for path in track]
    write_parts(parts, out)
    return parts


def _ended(text: str) -> str:
    """The utterance as at least one sentence: what breaks off gets a full stop."""
    return text if text.rstrip("\"')")[-1:] in tuple(ENDINGS) else f"{text}."


def _is_time(line: str) -> bool:
    return line.replace(".", "", 1).isdigit()


TASK = Task(
    "laughs",
    "Episodes of a comedy: does a laugh follow this sentence?",
    "sentences",
    write,
    in_folds=False,
    looked_for=LAUGH,
    # 58 episodes of 580 sentences are too few steps: read whole, HAT learned nothing of them.
    passage=48,
)
