"""Documents read by every command, and compared with what was meant."""

import csv
import io
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import spacy
from spacy.tokens import DocBin

from .bench import Bench
from .case import Case, Sandbox, command, pick
from .rows import NAMES, Row, make_rows, make_text, write
from .spoil import damage


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
        "calibrate": (bench.pipeline, path, out, "--component", "spancat_singlelabel"),
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
