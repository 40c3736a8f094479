"""Writes docs/mistakes.md: `python -m tests.mistakes.table > docs/mistakes.md`, in the root of the project."""

import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["HF_HUB_OFFLINE"] = "1"  # before the imports that read it

from ..support.workshop import Workshop
from .asking import ASKING
from .checkpoints import CHECKPOINTS
from .commands import COMMANDS, EXCHANGES, WARM_STARTS
from .hub import HUB
from .hugging_face import HUGGING_FACE
from .pipelines import PIPELINES
from .pretraining import PRETRAINING
from .settings import SETTINGS
from .training import TRAINING

MOST = 160
TABLES = {
    "Checkpoints": CHECKPOINTS,
    "Settings": SETTINGS,
    "Pipelines": PIPELINES,
    "Training": TRAINING,
    "Questions and choices": ASKING,
    "Warm start": WARM_STARTS + COMMANDS,
    "Pretraining": PRETRAINING,
    "Import and export": EXCHANGES,
    "Cards and the hub": HUB,
    "Hugging Face": HUGGING_FACE,
}


def first_sentence(message: str, root: str) -> str:
    """The first sentence, without terminal colours and the names of temporary folders."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", message).replace(f"{root}/", "")
    plain = re.sub(r"\b(hat|bert|pipeline|folder)-\d+", r"\1", plain)
    sentence = plain.split(". ")[0].rstrip(".").replace("|", "\\|")
    return sentence if len(sentence) <= MOST else f"{sentence[:MOST]} …"


def main() -> None:
    with TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        print(
            "# Mistakes, and what the user reads\n\nEach row is a test in tests/mistakes, which makes the mistake and"
        )
        print("looks for what is wrong, what was found, what was expected and what to do. This page is written by")
        print("`python -m tests.mistakes.table > docs/mistakes.md`, and shows where each message begins.")
        for title, mistakes in TABLES.items():
            print(f"\n| {title} | message begins |\n|---|---|")
            for mistake in mistakes:
                warns = "warning: " if issubclass(mistake.kind, Warning) else ""
                print(f"| {mistake.name} | {warns}{first_sentence(mistake.message(workshop), folder)} |")
    print(f"\n{sum(map(len, TABLES.values()))} mistakes.", file=sys.stderr)


if __name__ == "__main__":
    main()
