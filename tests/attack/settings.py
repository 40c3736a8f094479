"""Settings: options of init-config and of the other commands, and entries of configs for debug."""

import re
from random import Random
from typing import Any

from thinc.api import Config

from .bench import TEXT, Bench
from .case import Case, Sandbox, command, pick
from .spoil import damage

TEXTS = [
    "$x",
    "${paths.dev}",
    "a\nb = 5",
    "[nlp]",
    '"',
    "'",
    "\\",
    "é",
    "#x",
    "null",
    "5",
    "{}",
    "[/x]",
    "\x1b]0;x\x07",
    "a" * 5000,
]
TEXTS += [
    "",
    " ",
    "-",
    "--x",
    "\0",
    "\udcff",
    "true",
    "%(x)s",
    "a\rb",
    "\u2028",
    "x\n[training]\nmax_steps = 1",
    "@misc",
    "~",
]
TASKS = ["textcat", "ner", "spancat", "tagger", "textcat,ner", "spancat,spancat_singlelabel", "spancat_singlelabel"]
WRONG_TASKS = ["", ",", "x", "textcat;ner", "textcat\n", "TEXTCAT", "textcat,textcat_multilabel,x", "[/x]"]


def init_config(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """What is written says what was given."""
    out = sandbox.work / "out.cfg"
    task = pick(random, TASKS)
    options: list[Any] = ["-t", task]
    given, must_fail = {}, ""
    for name in random.sample(
        ["hat", "train", "dev", "lang", "units", "pattern", "optimize", "task"], random.randint(1, 2)
    ):
        value = pick(random, TEXTS)
        if name == "hat":
            given["hat"] = value
        elif name in ("train", "dev"):
            must_fail = f"no corpus at {value!r}"
        elif name in ("lang", "optimize"):
            must_fail = f"--{name} {value!r}"
        elif name == "units":
            must_fail = "" if not value.strip(" ,") else f"--units {value!r}"
        elif name == "task":
            value = pick(random, WRONG_TASKS)
            must_fail = "" if not value.strip(" ,") else f"--task {value!r}"
        elif name == "pattern":
            options += ["--units", "pattern"]
            given["pattern"] = value
        options.append(f"--{name}={value}")
    if "textcat\\n" in must_fail:  # spaces around a name are none of it
        must_fail = ""

    def wrong(_: Any) -> str:
        config = Config().from_disk(out)
        wanted, found = given.get("hat"), config["paths"]["hat"]
        if wanted and found != wanted:
            return f"paths.hat is {found!r}, given {wanted!r}"
        plain = Config().from_str(bench.config, interpolate=False)
        strange = config.keys() - plain.keys() - {"corpora", "initialize", "components", "nlp", "training", "paths"}
        if strange or config["training"]["max_steps"] == 1:
            return f"settings that nobody gave: {strange}"
        if "pattern" in given and given["pattern"] not in str(_values(config)):
            return "another pattern"
        return ""

    return Case(f"init-config {options}", command("init-config", *options, out), must_fail, wrong, [out])


def _values(config: Any) -> list[Any]:
    if isinstance(config, dict):
        return [one for value in config.values() for one in _values(value)]
    return [str(config), config] if isinstance(config, str) else [str(config)]


VALUES: list[str] = [
    "null",
    "[]",
    "{}",
    "5",
    "-1",
    "0",
    "1.5",
    '"x"',
    "true",
    "NaN",
    "1e999",
    "[null]",
    '{"a": null}',
    "x y",
]
VALUES += [
    "${nothing.here}",
    "${paths}",
    "10000000000000",
    "9223372036854775808",
    '{"@misc": "nothing.v1"}',
    '""',
    "[1, 2",
    "'",
]
VALUES += ['"\\u0000"', '"[/x]"', '"\\u001b]0;x"', '["a", 5]', '"../x"', "-9" * 30]


def debug(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A config in which one entry says something else."""
    lines = bench.config.splitlines()
    places = [number for number, line in enumerate(lines) if re.match(r"[@\w]+ = ", line)]
    number, value = pick(random, places), pick(random, VALUES)
    name = lines[number].split(" = ")[0]
    lines[number] = f"{name} = {value}"
    section = next(line for line in reversed(lines[:number]) if line.startswith("["))
    path = sandbox.work / "my.cfg"
    path.write_text("\n".join(lines), encoding="utf8")
    return Case(f"debug of {section} {name} = {value}", command("debug", path, "--no-batch"))


def damaged_config(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """A config with damaged bytes."""
    path = sandbox.work / "my.cfg"
    data, how = damage(random, bench.config.encode())
    path.write_bytes(data)
    return Case(f"debug of a config, {how}", command("debug", path, "--no-batch"))


NUMBERS = [
    "0",
    "-1",
    "1",
    "1.5",
    "x",
    "",
    "nan",
    "inf",
    "1e9",
    "1000000000000",
    "9223372036854775808",
    "-99999999999999999999",
]


def options(random: Random, bench: Bench, sandbox: Sandbox) -> Case:
    """Numbers and words that no option takes."""
    text, docs, out = sandbox.work / "text.txt", sandbox.work / "docs.jsonl", sandbox.work / "out"
    text.write_text(TEXT)
    docs.write_text('{"text": "a b", "label": "A"}\n{"text": "c d", "label": "B"}\n' * 5)
    number, word = pick(random, NUMBERS), pick(random, [t for t in TEXTS if "\0" not in t and t != "-"])
    sizes = [
        "--layout",
        "S|SD",
        "--hidden-size",
        "8",
        "--heads",
        "2",
        "--intermediate-size",
        "8",
        "--vocab-size",
        "300",
    ]
    bert, layout = (
        bench.sources["bert"],
        pick(random, ["", "X", "S|", "|", "S" * 500, "S|D|X", "I3", "i3", "SS", "D", word, "S|S\n"]),
    )
    lines: list[list[Any]] = [
        ["convert", docs, out, f"--{pick(random, ['dev', 'test', 'limit', 'seed'])}={number}"],
        [
            "convert",
            docs,
            out,
            f"--{pick(random, ['text', 'label', 'group', 'lang', 'delimiter', 'form', 'join'])}={word}",
        ],
        ["convert", docs, out, f"--separator={word}", "--dev=0", "--test=0"],
        ["warm-start", bert, out, f"--{pick(random, ['segment-length', 'max-segments', 'seed'])}={number}"],
        ["warm-start", bert, out, f"--layout={layout}", "--segment-length=12", "--max-segments=6"],
        [
            "warm-start",
            bert,
            out,
            f"--{pick(random, ['cross-segment-start', 'document-positions', 'extra-blocks'])}={word}",
        ],
        [
            "from-scratch",
            text,
            out,
            *sizes,
            f"--{pick(random, ['hidden-size', 'heads', 'intermediate-size'])}={number}",
        ],
        [
            "from-scratch",
            text,
            out,
            *sizes,
            f"--{pick(random, ['vocab-size', 'seed', 'segment-length', 'max-segments'])}={number}",
        ],
        ["from-scratch", text, out, *sizes, f"--layout={layout}"],
        ["import", bench.heads["textcat"], out, f"--{pick(random, ['task', 'lang', 'packing', 'pooling'])}={word}"],
        ["import", bench.heads["spancat_singlelabel"], out, f"--negative-label={word}"],
        ["export", bench.pipeline, out, f"--component={word}"],
        ["explain", bench.pipeline, text, f"--{pick(random, ['label', 'component', 'method'])}={word}"],
        ["explain", bench.pipeline, text, f"--{pick(random, ['sentence', 'top', 'gpu-id'])}={number}"],
        [
            "benchmark",
            bench.pipeline,
            text,
            f"--{pick(random, ['limit', 'batch-size', 'gpu-id'])}={number}",
            "--passes=1",
        ],
        [
            "debug",
            bench.corpus,
            f"--hat={bench.hat}",
            f"--{pick(random, ['limit', 'lang'])}={pick(random, [number, word])}",
        ],
        ["calibrate", bench.pipeline, bench.dev, out, f"--{pick(random, ['component', 'train'])}={word}"],
        ["warm-start", word, out],
        ["import", word, out],
        ["explain", word, text],
        ["explain", bench.pipeline, word],
        ["convert", word, out],
        ["debug", word],
        ["from-scratch", word, out],
    ]
    line = pick(random, lines)
    return Case(" ".join(map(str, line))[:400], command(*line), outputs=[out])
