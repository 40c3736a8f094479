"""`python -m spacy hat pretrain`: a HAT that has read texts of one's own, without labels."""

import os
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..choices import Packing, TrainingPrecision
from . import screen
from .command import command

if TYPE_CHECKING:
    from ..pretraining.run import Report

HAT_HELP = "Folder or hub name of a HAT"
CORPUS_HELP = "Documents in any form that `convert` reads (.txt, .jsonl, .parquet, .spacy, …), or a folder of them"
OUTPUT_HELP = "Folder for the new HAT. A run that was stopped goes on by the same command"
OBJECTIVE_HELP = """\
choice: which segment is hidden, of those of the batch; segments: the pieces of hidden segments; mlm: single masked
pieces. One or several, with weights where they differ: choice,mlm=0.5"""
PIECES_HELP = "Pieces of a batch, at most"
STEP_HELP = "Batches of a step, of all processes together [default: one for each process]"
NEW_RATE_HELP = "Learning rate of cross-segment blocks, document positions and heads"
FIRST_HELP = "Steps in which nothing else but those is trained"
HELD_OUT_HELP = "Pieces to measure with, never to train on: so many at most, beside a twentieth of all documents"
LOG_HELP = "Steps between two lines of figures [default: a tenth of all]"
SAVE_HELP = "Steps between two checkpoints, from which a run goes on"
PACKING_HELP = "How sentences become segments; as in the pipeline that it is for"
WIDTH = 14


@command("Cannot pretrain {hat}")
def pretrain_cli(
    hat: Annotated[str, typer.Argument(help=HAT_HELP)],
    corpus: Annotated[Path, typer.Argument(help=CORPUS_HELP)],
    output: Annotated[Path, typer.Argument(metavar="OUT", help=OUTPUT_HELP)],
    objective: Annotated[str, typer.Option(help=OBJECTIVE_HELP)] = "choice",
    max_steps: Annotated[int, typer.Option(min=1, help="Steps to train")] = 1000,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all that is drawn")] = 0,
    batch_pieces: Annotated[int, typer.Option(min=2, help=PIECES_HELP)] = 3000,
    batches_per_step: Annotated[int | None, typer.Option(min=1, help=STEP_HELP)] = None,
    packing: Annotated[Packing, typer.Option(help=PACKING_HELP)] = "sentences",
    lang: Annotated[str, typer.Option("--lang", "-l", help="Code of the language")] = "en",
    text: Annotated[str, typer.Option(help="Column or key with the text")] = "text",
    learning_rate: Annotated[float, typer.Option(min=0, help="Learning rate of everything else")] = 5e-5,
    new_learning_rate: Annotated[float, typer.Option(min=0, help=NEW_RATE_HELP)] = 3e-4,
    warmup: Annotated[int, typer.Option(min=0, help="Steps in which rates rise")] = 100,
    cross_segment_first: Annotated[int, typer.Option(min=0, help=FIRST_HELP)] = 0,
    held_out: Annotated[int, typer.Option(min=1, help=HELD_OUT_HELP)] = 40_000,
    precision: Annotated[TrainingPrecision, typer.Option(help="Of matrix products")] = "float32",
    log_every: Annotated[int | None, typer.Option(min=1, help=LOG_HELP)] = None,
    save_every: Annotated[int, typer.Option(min=1, help=SAVE_HELP)] = 100,
    cpu: Annotated[bool, typer.Option("--cpu", help="Leave a GPU alone")] = False,
    revision: Annotated[str | None, typer.Option(help="Version of a hub model: branch, tag or commit")] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Start over, and replace a HAT that is there")] = False,
) -> None:
    """
    Go on training a HAT on texts without labels, before `spacy train`. Never give it a document that you test on.

    Each line of figures has a gauge: the loss on hidden segments with cross-segment blocks switched off, minus that
    with them on, on documents that are held out. It must grow.

    Example: python -m spacy hat pretrain models/hat texts.jsonl models/hat-mine

    On 8 GPUs: torchrun --nproc-per-node 8 -m spacy hat pretrain models/hat texts.jsonl models/hat-mine
    """
    with screen.status(f"Loading {hat}") as show:
        from ..pretraining.run import pretrain
        from ..pretraining.settings import Settings, parse_objectives

        n_processes = int(os.environ.get("WORLD_SIZE", "1"))
        settings = Settings(
            parse_objectives(objective),
            max_steps=max_steps,
            seed=seed,
            batch_pieces=batch_pieces,
            batches_per_step=n_processes if batches_per_step is None else batches_per_step,
            packing=packing,
            lang=lang,
            text=text,
            learning_rate=learning_rate,
            new_learning_rate=new_learning_rate,
            warmup_steps=warmup,
            cross_segment_first=cross_segment_first,
            held_out_pieces=held_out,
            precision=precision,
        )
        lines = Lines(max_steps)
        report = pretrain(
            hat,
            corpus,
            output,
            settings,
            log_every=max(1, max_steps // 10) if log_every is None else log_every,
            save_every=save_every,
            force=force,
            cpu=cpu,
            on_stage=show,
            on_log=lines.show,
            **({} if revision is None else {"revision": revision}),
        )
    if report is not None:
        print_report(report, output)


class Lines:
    """A line for each log, on stderr.

    max_steps (int): Steps to come.
    """

    def __init__(self, max_steps: int) -> None:
        self._max_steps = max_steps
        self._begun: tuple[int, float] | None = None

    def show(self, log: dict[str, Any]) -> None:
        """Print a log; the first one is preceded by the names of its figures."""
        names = ["loss", *(name for name in log if name.startswith("hidden_")), "gauge"]
        if self._begun is None:
            self._begun = (log["step"], monotonic())
            self._print(["step", *names, "minutes left"])
        figures = [f"{log[name]:.3f}" if name in log else "" for name in names]
        self._print([f"{log['step']:,}", *figures, self._minutes_left(log["step"])])

    def _minutes_left(self, step: int) -> str:
        assert self._begun is not None  # set with the first line
        first, then = self._begun
        if step <= first:
            return ""
        return f"{(monotonic() - then) / (step - first) * (self._max_steps - step) / 60:,.1f}"

    def _print(self, cells: list[str]) -> None:
        print("  ".join(f"{cell:>{max(WIDTH, len(cell))}}" for cell in cells), file=sys.stderr, flush=True)


def print_report(report: "Report", output: Path) -> None:
    """Print what was saved, and what the gauge was and is."""
    if report.was_finished:
        screen.good(f"{output} is finished: it was made of just this.")
        return
    if report.began_at:
        screen.info(f"Went on after step {report.began_at:,}.")
    measured = [log["gauge"] for log in report.logs if "gauge" in log]
    screen.info(f"The gauge was {measured[0]:.3f} at the start, and is {measured[-1]:.3f}.")
    if measured[-1] <= measured[0]:
        screen.warn("It has not grown: cross-segment blocks have learned nothing that helps. Train longer.")
    if not report.has_picture:
        screen.warn("No picture of the curves: install matplotlib. python -m pip install 'spacy-hat[pretrain]'")
    screen.good(f"Saved a HAT to {output}")
