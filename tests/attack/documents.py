"""Documents as people have them, and as nobody should: read by every command, compared with what was meant."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import spacy
from spacy.tokens import DocBin

from .bench import Bench
from .case import Case, Sandbox, command, pick

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


def _meant(rows: list[Row]) -> Counter[Any]:
    return Counter((row.text, row.labels, tuple(row.spans)) for row in rows if row.text)


def _found(path: Path) -> Counter[Any]:
    nlp, found = spacy.blank("en"), Counter()
    for doc in DocBin().from_disk(path).get_docs(nlp.vocab):
        spans = tuple((span.start_char, span.end_char, span.label_) for span in doc.spans.get("sc", []))
        found[doc.text, frozenset(label for label, score in doc.cats.items() if score), spans] += 1
    return found


def converted(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through the command convert, and read again."""
    rows = make_rows(random)
    path, out = write(random, rows, sandbox.work), sandbox.work / "out.spacy"
    wrong = [row.what for row in rows if row.text is None]
    has_labels = any(row.text and (row.labels or row.spans or "cats" in row.line) for row in rows)
    must_fail = wrong[0] if wrong else "" if has_labels else "no labels"

    def compare(_: Any) -> str:
        meant, found = _meant(rows), _found(out)
        return (
            ""
            if _normal(meant) == _normal(found)
            else f"meant {[*(meant - found)][:2]}, found {[*(found - meant)][:2]}"
        )

    what = f"convert of {path.name} with {wrong[0] if wrong else 'nothing wrong'}: {[row.line[:200] for row in rows]}"
    return Case(what, command("convert", path, out), must_fail, compare, [out])


def _normal(counts: Counter[Any]) -> Counter[Any]:
    """Spans may take in all of a token, and leave out spaces at their ends."""
    return Counter({(text, labels, tuple(s[2] for s in spans)): n for (text, labels, spans), n in counts.items()})


def table(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Tables through the command convert."""
    delimiter = pick(random, ",;\t|")
    texts = [make_text(random) + pick(random, ["", '"', "\n\n", delimiter, " x"]) for _ in range(random.randint(1, 4))]
    rows = [[text, pick(random, NAMES)] for text in texts]
    names, must_fail = ["text", "label"], ""
    spoiled = pick(random, ["", "", "", "twice", "short", "long", "open", "nul", "empty", "no text", "bytes", "space"])
    if spoiled == "twice":
        names, rows, must_fail = [*names, "text"], [[*row, "x"] for row in rows], "a column twice"
    elif spoiled in ("short", "long"):
        rows.append(["x"] if spoiled == "short" else ["x", "A", "y"])
        must_fail = f"a {spoiled} row"
    elif spoiled == "no text":
        names, must_fail = ["content", "label"], "no column text"
    elif spoiled == "empty":
        rows, must_fail = [], "no rows"
    elif spoiled == "space":
        names = ["text", " label"]
        must_fail = "a column ' label'"
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([names, *rows])
    content = pick(random, ["", "\ufeff"]) + file.getvalue()
    if spoiled in ("open", "nul"):
        content += '"a b' if spoiled == "open" else f"a\0b{delimiter}A\r\n"
        must_fail = {"open": "a quote without end", "nul": "NUL"}[spoiled]
    data = content.encode() + (b"\xff\xfe" if spoiled == "bytes" else b"")
    must_fail = must_fail or ("not UTF-8" if spoiled == "bytes" else "")
    path, out = sandbox.work / pick(random, ["a.csv", "a.tsv", "a.ssv"] if delimiter == "\t" else ["a.csv"]), None
    path.write_bytes(data)
    out = sandbox.work / "out.spacy"
    meant = Counter((text, frozenset([label])) for text, label, *_ in (r for r in rows if len(r) > 1))

    def compare(_: Any) -> str:
        found = Counter({key[:2]: n for key, n in _found(out).items()})
        return "" if found == meant else f"meant {[*(meant - found)][:2]}, found {[*(found - meant)][:2]}"

    return Case(
        f"convert of {path.name}, {must_fail or 'sound'}: {content[:300]!r}",
        command("convert", path, out),
        must_fail,
        compare,
        [out],
    )


def read(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Through the reader of texts, which every other command has."""
    from spacy_hat.corpora.texts import read_texts

    rows = make_rows(random)
    path = write(random, rows, sandbox.work)
    sound = all(row.has_sound_text for row in rows)
    meant = [row.text for row in rows if row.text]

    def compare(texts: list[str]) -> str:
        if not sound or any(row.what == "left out" for row in rows):
            return ""
        return "" if texts == meant else f"meant {meant}, found {texts}"

    return Case(f"read_texts of {path.name}: {[row.line[:200] for row in rows]}", lambda: read_texts(path), "", compare)


def other_command(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Documents through explain, benchmark, from-scratch, debug and calibrate."""
    out = sandbox.work / "out"
    name = pick(random, ["explain", "benchmark", "from-scratch", "debug", "calibrate"])
    if name in ("debug", "calibrate") or random.random() < 0.3:
        path = sandbox.work / pick(random, ["docs.spacy", "docs.txt", "docs.jsonl", "docs.parquet", "docs.csv.gz"])
        if name in ("debug", "calibrate"):
            path = sandbox.work / "docs.spacy"
        from .spoil import damage

        data, what = damage(
            random, bench.dev.read_bytes() if path.suffix == ".spacy" else make_text(random).encode() * 9
        )
        path.write_bytes(data)
    else:
        rows = make_rows(random)[: 1 if name == "explain" else None]
        path, what = write(random, rows, sandbox.work), str([row.line[:200] for row in rows])
    sizes = ("--layout", "S|SD", "--hidden-size", 8, "--heads", 2, "--intermediate-size", 8)
    n_pieces = pick(random, [300, 270, 100, 0, -1, 10**9, 2**63])
    runs: dict[str, tuple[Any, ...]] = {
        "explain": (bench.pipeline, path, "--json", out),
        "benchmark": (bench.pipeline, path, "--json", out, "--passes", 1),
        "from-scratch": (path, out, *sizes, "--vocab-size", n_pieces),
        "debug": (path, "--hat", bench.hat),
        "calibrate": (bench.pipeline, path, out),
    }
    return Case(f"{name} of {path.name}: {what}", command(name, *runs[name]), outputs=[out])


def folder(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A folder of texts, each in a folder of its label."""
    place, out = sandbox.work / "texts", sandbox.work / "out"
    meant: Counter[Any] = Counter()
    for number in range(random.randint(2, 5)):
        label, text = pick(random, ["A", "B b", "[x]", "é", "$c"]), f"{make_text(random)} {number}"
        path = place / label / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8", newline="")
        meant[text, frozenset([label])] += 1
    spoiled = pick(random, ["", "", "mixed", "deep", "bytes", "nul", "loop", "json"])
    if spoiled == "mixed":
        (place / "top.txt").write_text("x y")
    elif spoiled == "deep":
        (place / "a" / "b").mkdir(parents=True)
        (place / "a" / "b" / "x.txt").write_text("x y")
    elif spoiled in ("bytes", "nul"):
        (place / "A").mkdir(exist_ok=True)
        (place / "A" / "z.txt").write_bytes(b"\xff\xfe\xfd" if spoiled == "bytes" else b"a\0b")
    elif spoiled == "json":
        (place / "x.jsonl").write_text('{"text": "a b", "label": "A"}')
    elif spoiled == "loop":
        (place / "loop").symlink_to(place)
    must_fail = "" if spoiled in ("", "loop") else spoiled
    run = command("convert", place, out, "--dev", 0, "--test", 0)

    def compare(_: Any) -> str:
        found = Counter({key[:2]: n for key, n in _found(out / "train.spacy").items()})
        return "" if found == meant else f"meant {[*(meant - found)][:2]}, found {[*(found - meant)][:2]}"

    return Case(f"convert of a folder, {spoiled or 'sound'}", run, must_fail, compare, [out])
