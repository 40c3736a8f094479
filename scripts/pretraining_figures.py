"""The logs of a pretraining, as JSON in results/, and quoted in docs/pretraining.md between two comments.

python -m spacy project run pretraining
python -m scripts.pretraining_figures models/hat-prose
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.explain.figures import markdown_rows, quote, write_figures
from spacy_hat.machine.kinds import LOG, PRETRAINING

COLUMNS = {
    "hidden_choice": "loss on hidden segments",
    "hidden_choice_off": "without cross-segment blocks",
    "gauge": "gauge",
    "right_choice": "found",
}
SETTINGS = ("weights", "max_steps", "seed", "batch_pieces", "batches_per_step", "packing", "precision")


def read_figures(hat: Path) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): How a HAT was pretrained, and what was logged of documents held out."""
    made_of = json.loads((hat / PRETRAINING).read_text(encoding="utf8"))
    logs = [json.loads(line) for line in (hat / LOG).read_text(encoding="utf8").splitlines()]
    measured = [{name: log[name] for name in ("step", *COLUMNS)} for log in logs if "gauge" in log]
    return {"settings": {name: made_of[name] for name in SETTINGS}, "logs": measured}


def table_of(figures: dict[str, Any]) -> str:
    """RETURNS (str): The logs in Markdown."""
    rows = [
        (
            f"{log['step']:,}",
            *(f"{log[name]:.0%}" if name == "right_choice" else f"{log[name]:.2f}" for name in COLUMNS),
        )
        for log in figures["logs"]
    ]
    return markdown_rows(("steps", *COLUMNS.values()), rows)


def main(
    hat: Annotated[Path, typer.Argument(help="Folder that `spacy hat pretrain` made, by the objective choice")],
    out: Annotated[Path, typer.Option(help="File for the figures")] = Path("results/pretraining.json"),
    page: Annotated[Path, typer.Option(help="Page to quote them in")] = Path("docs/pretraining.md"),
) -> None:
    """What a pretraining has logged -> results, and a table in the docs."""
    figures = read_figures(hat)
    write_figures(figures, out)
    quote(page, "pretraining", table_of(figures))


if __name__ == "__main__":
    typer.run(main)
