"""Writes docs/performance.md and its plots from what the benchmarks have measured.

    python -m tools.performance

Nothing is measured here: each section is there once the command under it has left its JSON file in
results/performance/.
On two cores with AVX-512 and nothing else to do, all but the peers (5 minutes) and the engines (8 for each --size, base
or minilm; --resume goes on with one that was cut) take about a quarter of an hour:

    python -m benchmarks.engines --json results/performance/engines.json
    python -m benchmarks.engine_pipelines --json results/performance/engine_pipelines.json
    python -m benchmarks.engine_profile --json results/performance/engine_profile.json
    python -m benchmarks.allocator --json results/performance/allocator.json
    python -m benchmarks.encoder predict --json results/performance/encoder-predict.json
    python -m benchmarks.encoder training --json results/performance/encoder-training.json
    python -m benchmarks.encoder repeats --json results/performance/encoder-repeats.json
    python -m benchmarks.encoder peers --json results/performance/encoder-peers.json
    python -m benchmarks.pipeline documents --json results/performance/pipeline-documents.json
    python -m benchmarks.pipeline short --json results/performance/pipeline-short.json
    python -m benchmarks.growth --json results/performance/growth.json
    python -m benchmarks.dense --json results/performance/dense.json
    python -m benchmarks.frozen --json results/performance/frozen.json
    python -m benchmarks.gpu --json results/performance/gpu.json
    python -m scripts.precision PIPELINE=DOCUMENTS … --json results/performance/precision.json
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from spacy_hat.machine.atomic_output import new_file
from tools.performance_plots import plot_growth, plot_ratios
from tools.performance_sections import SECTIONS, Result, made_by

COMMAND = "python -m tools.performance"
INTRODUCTION = """\
Times are medians of runs that took turns, and only ratios within one table mean anything: another machine has other
times. **bfloat16** is ours in bfloat16 against the other in float32, which is what it runs in as it comes; **bfloat16
of both** gives the other bfloat16 too, as weights in it or by autocast, whichever is faster. Ratios that reach what was
asked for, before anything was measured, are bold. Weights are random wherever only speed counts."""


def read_results(folder: Path) -> dict[str, Result]:
    """RETURNS (dict[str, Result]): What the benchmarks left in a folder, by the name of the file."""
    return {path.stem: json.loads(path.read_text(encoding="utf8")) for path in sorted(folder.glob("*.json"))}


IN_PLOT = ("encoder-predict", "encoder-training", "encoder-peers", "pipeline-documents", "pipeline-short")


def plotted(results: dict[str, Result]) -> list[Result]:
    """RETURNS (list[Result]): Comparisons with somebody else, not with a limit, once each: of the first layout."""
    found = [comparison for name in IN_PLOT if name in results for comparison in results[name]["comparisons"]]
    others = [comparison for comparison in found if not comparison["against"].startswith("bare products")]
    first: dict[tuple[str, str], Result] = {}
    for comparison in others:
        first.setdefault((comparison["work"], comparison["against"]), comparison)
    return list(first.values())


def performance_page(results: dict[str, Result]) -> str:
    """RETURNS (str): The page, in Markdown."""
    parts = ["# How fast it is", f"Made by `{COMMAND}` of the figures in `results/performance/`. {INTRODUCTION}"]
    if plotted(results):
        parts.append("![Against other encoders and pipelines](performance/ratio-against-peers.svg)")
    for name, section in SECTIONS.items():
        if name in results:
            parts += [*section(results[name]), made_by(results[name])]
    return "\n\n".join(parts) + "\n"


def main(
    folder: Annotated[Path, typer.Option("--results", help="Folder of the benchmarks' JSON files")] = Path(
        "results/performance"
    ),
    out: Annotated[Path, typer.Option(help="The page; its plots go to a folder of its name")] = Path(
        "docs/performance.md"
    ),
) -> None:
    """Write the page."""
    results = read_results(folder)
    if unknown := sorted(results.keys() - SECTIONS.keys()):
        raise typer.BadParameter(
            f"No section is for {', '.join(unknown)} in {folder}. There are {', '.join(SECTIONS)}."
        )
    if not results:
        raise typer.BadParameter(f"No results in {folder}. Run a benchmark with --json {folder}/NAME.json first.")
    plots = out.with_suffix("")
    plots.mkdir(parents=True, exist_ok=True)
    if "growth" in results:
        plot_growth(results["growth"], plots / "time-against-length.svg")
    if comparisons := plotted(results):
        plot_ratios(comparisons, plots / "ratio-against-peers.svg")
    with new_file(out) as file:
        file.write_text(performance_page(results), encoding="utf8")
    typer.echo(f"{len(results)} of {len(SECTIONS)} sections in {out}")


if __name__ == "__main__":
    typer.run(main)
