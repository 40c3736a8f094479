"""Mistakes with `card` and `push`."""

from ..support.mistake import Mistake
from ..support.workshop import write
from .commands import FailedError, command


def cards(pipeline, *options):
    return command(pipeline, *options, name="card")


def pushes(pipeline, repository="me/mine"):
    return command(pipeline, repository, name="push")


HUB = [
    Mistake(
        "a card of a pipeline that is not there",
        cards("en_absent"),
        ["Cannot write a card of", "which is not a folder here", "For an installed package, say where"],
        FailedError,
    ),
    Mistake(
        "a card of a folder that is not a pipeline",
        cards(lambda w: w.bert()),
        ["Cannot write a card of", "holds no config.cfg, so it is not a pipeline", "Check the name"],
        FailedError,
    ),
    Mistake(
        "a card over a README.md of somebody's own",
        cards(lambda w: write(w.pipeline(), "README.md", "mine")),
        ["Cannot write to", "A file is there already", "replace it with --force"],
        FailedError,
    ),
    Mistake(
        "a card over a file that is not a card, with --force",
        cards(lambda w: w.pipeline(), lambda w: write(w.new(), "thesis.txt", "mine") / "thesis.txt", "--force"),
        ["Cannot write to", "not a model card (its name does not end in .md)", "Choose another place"],
        FailedError,
    ),
    Mistake(
        "push to what is not a repository",
        pushes(lambda w: w.pipeline(), "mine"),
        ["Cannot push", "'mine' is not the name of a repository", "Expected: 'owner/name'"],
        FailedError,
    ),
    Mistake(
        "push without a network",
        pushes(lambda w: w.pipeline()),
        ["Cannot push", "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE says", "Unset it"],
        FailedError,
    ),
]
