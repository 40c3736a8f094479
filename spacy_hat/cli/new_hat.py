"""A HAT that has just been made, onto the disk and the screen."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..machine.atomic_output import new_folder
from . import screen

if TYPE_CHECKING:
    from ..modeling.start.warm import WarmStart


def save(started: "WarmStart", card: str, output: Path, source: str) -> None:
    """Write a HAT, and print where everything in it comes from.

    started (WarmStart): The HAT.
    card (str): Its README.md.
    output (Path): Its folder.
    source (str): What it was made from.
    """
    with new_folder(output) as folder:
        started.model.save_pretrained(folder)
        started.tokenizer.save_pretrained(folder)
        (folder / "README.md").write_text(card, encoding="utf8")
    report = started.report
    if report.copied:
        screen.table(list(report.copied.items()), header=("HAT", f"from {source}"))
    for title, lines in (("New, or changed on purpose:", report.fresh), ("Not taken from the source:", report.unused)):
        if lines:
            screen.info(title)
            for line in lines:
                screen.line(f"  {line}")
    config, n_weights = started.model.config, sum(parameter.numel() for parameter in started.model.parameters())
    screen.good(f"Saved a HAT with layout {config.layout} ({n_weights / 1e6:.1f} million weights) to {output}")
