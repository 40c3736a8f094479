"""Places that hold something else, lead elsewhere, or have names that nobody thought of."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from .bench import TEXT, Bench, copy
from .case import Case, Sandbox, command, pick

FOLDERS = ("warm-start", "from-scratch", "import", "export", "convert-parts", "calibrate")
FILES = ("init-config", "convert", "explain-html", "explain-json", "benchmark")
ODD_NAMES = [
    "$x",
    "${paths.train}",
    "a\nb",
    "[/x]",
    "[bold]x",
    "\x1b]0;x\x07red",
    "\udcff\udcfe",
    "é",
    "e\u0301",
    "-x",
    " ",
    "a b",
]
ODD_NAMES += ["%s", "{x}", "'", '"', "a;b", "\u202ex", "\\", "x.spacy/y", "~", "#x", "a=b", "CON", "..x", "x" * 200]
TOO_LONG = ["x" * 256, "é" * 140, "x/" * 2500, "\0", "a\0b"]


def make(bench: Bench, sandbox: Sandbox, name: str) -> tuple[Path, Callable[..., Any]]:
    """Lay a command's source out.

    RETURNS (tuple[Path, Callable]): The source, and what makes a run of an output and further options.
    """
    work, pipeline = sandbox.work, sandbox.work / "pipeline"
    text, docs = work / "text.txt", work / "docs.jsonl"
    text.write_text(TEXT, encoding="utf8")
    docs.write_text('{"text": "a b c", "label": "A"}\n{"text": "d e f", "label": "B"}\n' * 2, encoding="utf8")
    if name in ("export", "calibrate", "explain-html", "explain-json", "benchmark"):
        copy(bench.pipeline, pipeline)
    sources: dict[str, Callable[[], Path]] = {
        "warm-start": lambda: copy(bench.sources["bert"], work / "bert"),
        "from-scratch": lambda: text,
        "import": lambda: copy(bench.heads["textcat"], work / "head"),
        "export": lambda: pipeline,
        "convert": lambda: docs,
        "convert-parts": lambda: docs,
        "calibrate": lambda: pipeline,
        "explain-html": lambda: text,
        "explain-json": lambda: text,
        "benchmark": lambda: text,
        "init-config": lambda: copy(bench.corpus, work / "train.spacy"),
    }
    source = sources[name]()
    sizes = ("--layout", "S|SD", "--hidden-size", 8, "--heads", 2, "--intermediate-size", 8, "--vocab-size", 300)

    def run(out: Path | str, *options: str) -> Callable[[], Any]:
        lines: dict[str, tuple[Any, ...]] = {
            "warm-start": ("warm-start", "--segment-length", 12, "--max-segments", 6, *options, "--", source, out),
            "from-scratch": ("from-scratch", *sizes, *options, "--", source, out),
            "import": ("import", *options, "--", source, out),
            "export": ("export", "--component", "textcat", *options, "--", source, out),
            "convert": ("convert", *options, "--", source, out),
            "convert-parts": ("convert", "--dev", "0", "--test", "0", *options, "--", source, out),
            "calibrate": ("calibrate", "--component", "spancat_singlelabel", *options, "--", source, bench.dev, out),
            "explain-html": ("explain", f"--html={out}", *options, "--", pipeline, source),
            "explain-json": ("explain", f"--json={out}", *options, "--", pipeline, source),
            "benchmark": ("benchmark", f"--json={out}", "--passes", 1, *options, "--", pipeline, source),
            "init-config": ("init-config", "-t", "textcat", "--train", source, *options, "--", out),
        }
        return command(*lines[name])

    return source, run


def occupied(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A place where something is that this command did not make."""
    name = pick(random, FOLDERS + FILES)
    _, run = make(bench, sandbox, name)
    place, options = sandbox.work / f"place{'.spacy' * (name == 'convert')}", random.choice([(), ("--force",)])
    if name == "benchmark" and random.random() < 0.2:
        options = ()

    def files(*names: str, content: str = "{}") -> None:
        place.mkdir(exist_ok=True)
        for file in names:
            (place / file).parent.mkdir(exist_ok=True, parents=True)
            (place / file).write_text(content)

    ways: dict[str, Callable[[], Any]] = {
        "a text": lambda: place.write_text("Ten years of work."),
        "an empty file": lambda: place.write_text(""),
        "a folder": lambda: files("thesis.txt"),
        "a folder with a config.json": lambda: files("config.json", "thesis.txt"),
        "a HAT's config.json": lambda: files("config.json", content='{"model_type": "hierarchical-transformer"}'),
        "a spaCy project": lambda: files("project.yml", "config.cfg", "assets/data.txt", content="[nlp]\nlang = 'en'"),
        "a folder with a config.cfg": lambda: files("config.cfg", content="[nlp]\n"),
        "a pipeline with notes": lambda: (copy(bench.pipeline, place), files("notes/thesis.txt")),
        "a HAT with notes": lambda: (copy(bench.hat, place), files("thesis.txt")),
        "corpora with notes": lambda: files("train.spacy", "notes.txt"),
        "other corpora": lambda: files("train.spacy", "dev.spacy", "test.spacy"),
        "a git repository": lambda: files(".git/HEAD", "config.json"),
        "JSON": lambda: place.write_text('{"thesis": 1}'),
        "a page": lambda: place.write_text("<html>thesis</html>"),
        "a config of spaCy": lambda: place.write_text("[paths]\ntrain = null\n"),
    }
    what = pick(random, ways)
    ways[what]()
    must_fail = f"{what} was there"
    return Case(f"{name} {' '.join(options)} over {what}", run(place, *options), must_fail)


def linked(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A place that is the source, holds it, lies in it, or leads to it or to something else."""
    name = pick(random, FOLDERS + FILES)
    source, run = make(bench, sandbox, name)
    link, options = (
        sandbox.work / f"link{'.spacy' * (name == 'convert')}",
        random.choice([(), ("--force",), ("--force",)]),
    )
    ways: dict[str, Callable[[], Any]] = {
        "the source": lambda: source,
        "the source by another spelling": lambda: source.parent / "." / ".." / source.parent.name / source.name,
        "what holds the source": lambda: source.parent,
        "the folder above": lambda: "..",
        "here": lambda: ".",
        "a link to the source": lambda: link.symlink_to(source) or link,
        "a link to what holds the source": lambda: link.symlink_to(source.parent) or link,
        "a link to something precious": lambda: link.symlink_to(sandbox.precious) or link,
        "a link to a precious text": lambda: link.symlink_to(sandbox.precious / "thesis.txt") or link,
        "something behind a link": lambda: (link.symlink_to(sandbox.precious), link / "thesis.txt")[1],
        "a link to itself": lambda: link.symlink_to(link) or link,
        "below a file": lambda: sandbox.precious / "thesis.txt" / "x",
        "nowhere": lambda: "",
        "the root": lambda: "/",
    }
    if source.is_file():
        ways["a hard link to the source"] = lambda: link.hardlink_to(source) or link
    if source.is_dir():
        ways["in the source"] = lambda: source / "new"
        ways["a file of the source"] = lambda: source / "config.json"
    what = pick(random, ways)
    place = ways[what]()
    is_free = what == "in the source" and name in FILES
    return Case(
        f"{name} {' '.join(options)} to {what}",
        run(place, *options),
        "" if is_free else f"written to {what}",
        outputs=[],
    )


def odd_name(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A name with signs that configs, consoles and file systems take for something else."""
    name = pick(random, FOLDERS + FILES)
    _, run = make(bench, sandbox, name)
    odd = pick(random, ODD_NAMES + TOO_LONG)
    ending = ".spacy" * (name == "convert")
    place = f"{odd}{ending}" if random.random() < 0.7 else f"{odd}/{'x' + ending}"
    out = sandbox.work / place if "\0" not in place else sandbox.work / "never"

    def wrong(_: Any) -> str:
        return "" if out.exists() and not _holds_none(out) else "nothing was written"

    # Parents are made on the way.
    outputs = [sandbox.work / place.split("/")[0]] if out.name != "never" else []
    must_fail = "NUL" if "\0" in odd else "a name that is too long" if odd in TOO_LONG else ""
    return Case(f"{name} to {place[:80]!r}", run(place), must_fail, wrong, outputs)


def _holds_none(out: Path) -> bool:
    return out.is_dir() and not any(out.iterdir())


def again(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """What this command made before: kept, unless --force."""
    name = pick(random, FOLDERS + FILES)
    _, run = make(bench, sandbox, name)
    place, force = sandbox.work / f"place{'.spacy' * (name == 'convert')}", random.random() < 0.5
    run(place)()
    must_fail = "" if force else "it was there already"
    options = ("--force",) if force else ()
    there = place.exists()

    def wrong(_: Any) -> str:
        return "" if there and place.exists() else "nothing was written"

    return Case(
        f"{name} {' '.join(options)} over its own", run(place, *options), must_fail, wrong, [place], replaces=force
    )


def stream(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Devices, FIFOs and this process's own output."""
    name = pick(random, FOLDERS + FILES)
    _, run = make(bench, sandbox, name)
    what = pick(random, ["/dev/null", "/dev/full", "fifo", "-", "/dev/stdout"])
    ending = ".spacy" * (name == "convert")
    options = random.choice([(), ("--force",)])
    must_fail = (
        f"{name} to {what}" if name in FOLDERS and what != "-" else "a full device" if what == "/dev/full" else ""
    )
    if what != "fifo":
        done = run(what, *options)
        return Case(
            f"{name} to {what}",
            done,
            must_fail if what != "/dev/stdout" or name in FOLDERS else "",
            outputs=[sandbox.work / "-"],
        )
    fifo = sandbox.work / f"fifo{ending}"
    os.mkfifo(fifo)
    made = run(fifo, *options)

    def feed() -> Any:
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            result = made()
            result.fed = os.read(reader, 10**6) if result.exit_code == 0 else b""
        finally:
            os.close(reader)
        return result

    return Case(f"{name} to a FIFO", feed, must_fail, lambda result: "" if result.fed else "nothing came")
