"""What a document costs by its length, from 1,000 to 256,000 pieces, through `nlp.pipe`.

    python -m benchmarks.growth --json results/performance/growth.json

Each length has a process of its own, so that its peak memory is its own.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.pipelines import load_shipped, make_text, save_tiny_hat
from benchmarks.resident import in_fresh_process
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from spacy_hat.profiling.speed import measure_speed

LENGTHS = (1_000, 4_000, 16_000, 64_000, 256_000)
QUICK_LENGTHS = (200, 800, 3_200)
# Longer ones are read once: chance evens out within a minute.
REPEATED_UP_TO = 64_000
MOST_EXPONENT = 1.05


def read_document(hat: Path, n_pieces: int, passes: int) -> dict[str, Any]:
    """Send one document through the shipped text classifier.

    hat (Path): Folder of the encoder.
    n_pieces (int): Its length, nearly.
    passes (int): How often.
    RETURNS (dict[str, Any]): What `Speed.to_dict` has.
    """
    nlp = load_shipped("hat_textcat", hat)
    return measure_speed(nlp, [make_text(0, n_pieces)], passes=passes).to_dict()


def exponent(pieces: list[int], seconds: list[float]) -> float:
    """RETURNS (float): The least-squares slope of log seconds over log pieces: 1 is linear, 2 is quadratic."""
    return float(np.polyfit(np.log(pieces), np.log(seconds), 1)[0])


def main(
    ctx: typer.Context,
    hat: Annotated[Path, typer.Argument(help="Folder of a HAT")] = Path("models/hat-minilm"),
    repeats: Repeats = 3,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Measure seconds and peak memory of one document of each length."""
    console = Console()
    found = []
    with TemporaryDirectory() as folder:
        encoder = save_tiny_hat(Path(folder)) if quick else hat
        for n_pieces in track(QUICK_LENGTHS if quick else LENGTHS, description="reading", console=console):
            passes = 1 if quick or n_pieces > REPEATED_UP_TO else repeats
            arguments = (encoder, n_pieces, passes)
            speed = read_document(*arguments) if quick else in_fresh_process(read_document, *arguments)
            found.append({"passes": passes, **speed})
    slope = exponent([speed["pieces"] for speed in found], [speed["seconds"] for speed in found])
    table = Table("pieces", "seconds", "pieces a second", "peak above the loaded model, MB", "outside the encoder")
    for speed in found:
        table.add_row(
            f"{speed['pieces']:,}",
            f"{speed['seconds']:.2f}",
            f"{speed['pieces_per_second']:,.0f}",
            megabytes_above(speed),
            f"{speed['share_outside_encoder']:.1%}",
        )
    console.print(table)
    reached = "yes" if slope <= MOST_EXPONENT else "no"
    console.print(
        f"time grows with the length to the power of {slope:.3f} (asked for: at most {MOST_EXPONENT}): {reached}"
    )
    figures = {"lengths": found, "exponent": slope, "most_exponent": MOST_EXPONENT}
    write_results(out, command_line(ctx, "growth.py"), figures)


def megabytes_above(speed: dict[str, Any]) -> str:
    """RETURNS (str): Peak memory above the loaded model; nothing where the system does not say."""
    peak: float | None = speed["peak_mb"]
    return "" if peak is None else f"{peak - speed['loaded_mb']:,.0f}"


if __name__ == "__main__":
    typer.run(main)
