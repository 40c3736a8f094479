"""The table of mistakes in Markdown: `python -m tests.mistakes.table`, in the root of the project."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["HF_HUB_OFFLINE"] = "1"  # before the imports that read it

from .test_mistakes_checkpoints import CHECKPOINTS
from .test_mistakes_commands import COMMANDS, WARM_STARTS
from .test_mistakes_pipelines import PIPELINES
from .test_mistakes_settings import SETTINGS
from .test_mistakes_training import TRAINING
from .workshop import Workshop

TABLES = {
    "Checkpoints": CHECKPOINTS,
    "Settings": SETTINGS,
    "Pipelines": PIPELINES,
    "Training": TRAINING,
    "Warm start": WARM_STARTS + COMMANDS,
}


def first_sentence(message: str, root: str) -> str:
    sentence = message.replace(f"{root}/", "").split(". ")[0].rstrip(".").replace("|", "\\|")
    return sentence if len(sentence) <= 200 else f"{sentence[:200]} …"


def main() -> None:
    with TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        for title, mistakes in TABLES.items():
            print(f"\n| {title} | message begins |\n|---|---|")
            for mistake in mistakes:
                warns = "warning: " if issubclass(mistake.kind, Warning) else ""
                print(f"| {mistake.name} | {warns}{first_sentence(mistake.message(workshop), folder)} |")
    print(f"\n{sum(map(len, TABLES.values()))} mistakes.", file=sys.stderr)


if __name__ == "__main__":
    main()
