"""Documents as people have them, and as nobody should, in files of JSON."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from .case import pick

WORDS = [
    "the",
    "court",
    "held",
    "that",
    "costs",
    "follow",
    "naïve",
    "Ünder",
    "判決",
    "🙂",
    "a\u2028b",
    "x\u0085y",
    "[/x]",
]
WORDS += ["$x", "<b>", "c:\\d", "\u202eabc", "e\u0301", "\u200d", "\t", "=1+1", "\x1b]0;x\x07"]
NAMES = ["A", "B", "Ärger", "[/x]", "no", "null", "1", "x y", "<b>", "$y", "\u202ez"]
Labels = frozenset[str]


@dataclass
class Row:
    """One document of a file.

    line (str): As it stands in a file of JSON lines.
    text (str | None): What has to be read; None if the row is wrong, empty if it is to be left out.
    labels (frozenset[str]): Those it has.
    spans (list): First character, one past the last, label.
    has_sound_text (bool): Whether readers of texts alone can take it.
    what (str): What is wrong with it.
    """

    line: str
    text: str | None
    labels: Labels = frozenset()
    spans: list[tuple[int, int, str]] = field(default_factory=list)
    has_sound_text: bool = True
    what: str = ""


def make_text(random: Random) -> str:
    return " ".join(random.choices(WORDS, k=random.randint(2, 8))).strip() or "text"


def sound_row(random: Random) -> Row:
    """RETURNS (Row): A document in one of the forms that are taken."""
    text, names = make_text(random), random.sample(NAMES, random.randint(1, 3))
    first = names[0]
    ways: dict[str, Callable[[], tuple[dict[str, Any], Labels, list[Any]]]] = {
        "one label": lambda: ({"label": first}, frozenset([first]), []),
        "labels": lambda: ({"label": names}, frozenset(names), []),
        "spaces": lambda: ({"label": f"  {first}\n"}, frozenset([first]), []),
        "no label": lambda: ({"label": None}, frozenset(), []),
        "nothing": lambda: ({}, frozenset(), []),
        "scores": lambda: ({"cats": {n: float(n == first) for n in names}}, frozenset([first]), []),
        "truths": lambda: ({"label": {n: n == first for n in names}}, frozenset([first]), []),
        "accepted": lambda: ({"label": first, "answer": "accept"}, frozenset([first]), []),
        "choice": lambda: ({"options": [{"id": n} for n in names], "accept": [first]}, frozenset([first]), []),
        "span": lambda: (
            {"spans": [{"start": 0, "end": len(text), "label": first}]},
            frozenset(),
            [(0, len(text), first)],
        ),
        "others": lambda: ({"label": first, "id": 2**70, "meta": {"a": [1, None, 1.5]}}, frozenset([first]), []),
    }
    entries, labels, spans = ways[pick(random, ways)]()
    return Row(json.dumps({"text": text, **entries}, ensure_ascii=random.random() < 0.5), text, labels, spans)


def left_out_row(random: Random) -> Row:
    text = make_text(random)
    ways = [{"text": ""}, {"text": "  \n\t "}, {"text": text, "answer": "reject"}, {"text": text, "answer": "ignore"}]
    row = pick(random, ways)
    return Row(
        json.dumps({"label": "A", **row}), "", what="left out", has_sound_text="answer" in row or not row["text"]
    )


def wrong_labels(random: Random) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Entries of a JSON object that no reader may take, beside a sound text."""
    value = pick(
        random, [0.5, 1.0, True, False, "", "  ", [""], [None], [True], [["A"]], {"A": 0.5}, {"A": "1"}, {"A": 2}]
    )
    n = pick(random, [0.9, 1.9, True, False, "0", None, -1, 10**9, 2**70, [], {}])
    more: list[tuple[str, str]] = [
        (f'"label": {json.dumps(value)}', f"the label {value!r}"),
        (f'"spans": [{{"start": {json.dumps(n)}, "end": 2, "label": "A"}}]', f"a span from {n!r}"),
        (f'"spans": [{{"start": 0, "end": {json.dumps(n)}, "label": "A"}}]', f"a span to {n!r}"),
        ('"spans": 5', "spans 5"),
        ('"spans": [{"start": 0, "end": 2, "label": null}]', "a span whose label is null"),
        ('"spans": [{"start": 0, "end": 2}]', "a span without a label"),
        ('"spans": [{"start": 0, "end": 1e999, "label": "A"}]', "1e999"),
        ('"spans": [{"start": 2, "end": 1, "label": "A"}]', "a span that ends before it starts"),
        ('"spans": {"start": 0}', "spans that are no list"),
        ('"label": "A", "cats": {"B": 1}', "labels in two places"),
        ('"label": "A", "label": "B"', "a key twice"),
        ('"cats": "A"', "cats of text"),
        ('"cats": {"A": NaN}', "NaN"),
        ('"cats": {"A": 1, "A ": 0}', "a label twice in scores"),
        ('"label": Infinity', "Infinity"),
        ('"id": -Infinity', "Infinity elsewhere"),
        ('"id": 1e999', "1e999 elsewhere"),
        ('"options": [{"text": "A"}], "accept": ["A"]', "options without an id"),
        ('"options": [{"id": "A"}], "accept": ["B"]', "a choice that is no option"),
        ('"id": "\\ud800"', "half a surrogate pair elsewhere"),
        ('"id": "\\u0000"', "NUL elsewhere"),
        (f'"id": {"[" * 150}{"]" * 150}', "150 lists in each other"),
        (f'"id": {"[" * 100_000}{"]" * 100_000}', "100,000 lists in each other"),
        ('"sentence_starts": [0.5]', "starts that are not whole"),
        ('"sentence_starts": [5, 1]', "starts that fall"),
        ('"sentence_starts": [true]', "starts that are true"),
        ('"sentences": 5', "sentences 5"),
        ('"sentences": [{"text": "other", "label": "A"}]', "sentences that are not those of the text"),
        ('"sentences": [5]', "a sentence 5"),
        ('"id": ' + "9" * 5000, "a number of 5,000 digits"),
    ]
    return pick(random, more)


def wrong_row(random: Random) -> Row:
    """RETURNS (Row): A document that has to be an error."""
    text = make_text(random)
    if random.random() < 0.7:
        entries, what = wrong_labels(random)
        return Row(f'{{"text": {json.dumps(text)}, {entries}}}', None, what=what, has_sound_text=False)
    value = pick(random, [5, None, True, ["x"], {"a": 1}, 1.5, "a\0b", "\ud800"])
    lines = [
        (json.dumps({"text": value, "label": "A"}), f"the text {value!r}"),
        ("[]", "a list"),
        ("5", "a number"),
        ('"x"', "a string"),
        ("null", "null"),
        ("{", "half an object"),
        ('{"text": "a b"} {"text": "c d"}', "two objects on a line"),
        ('{"text": "a b", "text": "c d"}', "the text twice"),
        ("{'text': 'a b'}", "Python"),
        ('{"label": "A"}', "no text"),
        ("\0\0\0", "NUL"),
    ]
    line, what = pick(random, lines)
    return Row(line, None, what=what, has_sound_text=False)


def make_rows(random: Random) -> list[Row]:
    rows = [sound_row(random) for _ in range(random.randint(1, 6))]
    if random.random() < 0.3:
        rows.append(left_out_row(random))
    if random.random() < 0.55:
        rows.insert(random.randrange(len(rows) + 1), wrong_row(random))
    return rows


def write(random: Random, rows: list[Row], folder: Path) -> Path:
    """Write rows as a file. RETURNS (Path): The file."""
    form = pick(random, ["jsonl", "jsonl", "json", "jsonl.gz"])
    lines = [row.line for row in rows]
    if form == "json":
        content = f"[{', '.join(lines)}]"
    else:
        content = pick(random, ["\n", "\r\n", "\n\n"]).join(lines) + pick(random, ["", "\n", "\n \n"])
    data = (pick(random, ["", "\ufeff"]) + content).encode("utf8", "surrogatepass")
    path = folder / f"docs.{form}"
    path.write_bytes(gzip.compress(data) if form.endswith("gz") else data)
    return path
