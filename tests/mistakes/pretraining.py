"""Mistakes with `pretrain`."""

import json

from ..support.mistake import Mistake
from ..support.workshop import write
from .commands import FailedError, command

TWO = "One two three. Four five six."
SHORT = ("--max-steps", "1", "--cpu")


def pretrain(make_corpus, *options, make_hat=lambda w: w.hat(), make_output=lambda w: w.root / "absent" / "out"):
    return command(make_hat, make_corpus, make_output, *SHORT, *options, name="pretrain")


def corpus(*rows, file="texts.jsonl"):
    """RETURNS (Callable): What writes a corpus into a new folder."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]

    def make(w):
        folder = w.new()
        write(folder, file, "\n".join(lines) + "\n")
        return folder / file

    return make


def without_mask(w):
    folder = w.hat()
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        values = json.loads((folder / name).read_text(encoding="utf8"))
        values.pop("mask_token", None)
        write(folder, name, json.dumps(values))
    return folder


def begun(w):
    """RETURNS (Path): A place beside which there is the work of another run."""
    output = w.new() / "out"
    work = output.with_name("out.run")
    work.mkdir()
    write(work, "pretraining.json", json.dumps({"seed": 7}))
    return output


def foreign(w):
    """RETURNS (Path): A place beside which there is something else."""
    output = w.new() / "out"
    output.with_name("out.run").mkdir()
    write(output.with_name("out.run"), "thesis.txt", "mine")
    return output


SOUND = corpus({"text": TWO}, {"text": TWO})
PRETRAINING = [
    Mistake(
        "pretraining with an objective that there is not",
        pretrain(SOUND, "--objective", "nsp"),
        ["--objective is 'nsp'", "Expected: one or more of mlm, segments, choice"],
        FailedError,
    ),
    Mistake(
        "pretraining on a corpus that is not there",
        pretrain(lambda w: w.root / "nothing.jsonl"),
        ["There is nothing at", "Check the path"],
        FailedError,
    ),
    Mistake(
        "pretraining on a row without a text",
        pretrain(corpus({"text": TWO}, {"body": TWO})),
        ["line 2 has no text under 'text'", "Got: body", "--text"],
        FailedError,
    ),
    Mistake(
        "pretraining on a row that is not JSON",
        pretrain(corpus({"text": TWO}, '{"text": "One')),
        ["line 2 is not JSON"],
        FailedError,
    ),
    Mistake(
        "pretraining on a row with a NUL character",
        pretrain(corpus({"text": "One\0 two."})),
        ["line 1 has a NUL character", "Remove it"],
        FailedError,
    ),
    Mistake(
        "pretraining on documents of one sentence",
        pretrain(corpus({"text": "One two."}, {"text": "Three four."})),
        ["has 0 documents of two segments or more", "Expected: at least two", "Give longer documents"],
        FailedError,
    ),
    Mistake(
        "pretraining on a corpus without texts",
        pretrain(corpus({"text": " "})),
        ["has 0 documents of two segments or more", "Expected: at least two"],
        FailedError,
    ),
    Mistake(
        "pretraining on stdin",
        pretrain(lambda w: "-"),
        ["stdin cannot be read twice", "Expected: a file or a folder"],
        FailedError,
    ),
    Mistake(
        "pretraining an ordinary encoder",
        pretrain(SOUND, make_hat=lambda w: w.bert()),
        ["is a checkpoint of type 'bert'", "expected a HAT", "python -m spacy hat warm-start"],
        FailedError,
    ),
    Mistake(
        "pretraining with a tokenizer that has no mask",
        pretrain(SOUND, make_hat=without_mask),
        ["has no mask_token", "Name one of its pieces"],
        FailedError,
    ),
    Mistake(
        "pretraining into a folder that is there",
        pretrain(SOUND, make_output=lambda w: w.hat()),
        ["Cannot write to", "A folder is there already", "replace it with --force"],
        FailedError,
    ),
    Mistake(
        "pretraining beside a folder of something else",
        pretrain(SOUND, "--force", make_output=foreign),
        ["out.run", "It is not the beginning of a pretraining", "Choose another place"],
        FailedError,
    ),
    Mistake(
        "pretraining with other settings than those it began with",
        pretrain(SOUND, make_output=begun),
        ["holds the beginning of another run", "seed 7, now 0", "start over with --force"],
        FailedError,
    ),
]
