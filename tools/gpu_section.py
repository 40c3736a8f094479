"""What docs/performance.md says of a GPU."""

from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

from scripts.compare.report import markdown_table

Result = dict[str, Any]
PREDICTED, TRAINED = ("float32", "bfloat16"), ("float32", "mixed")
# What names a run; the rest of a row is its figures.
NAMES = ("part", "work", "by", "precision")


def gpu_section(result: Result) -> list[str]:
    pieces = result["n_pieces"]
    parts = [
        "## On a GPU",
        f"{result['machine']['gpu'] or 'No GPU: a CPU, to see that it runs'}, transformers {result['transformers']}; "
        f"TF32 is {'on' if result['tf32'] else 'off'} in products of float32, as PyTorch comes. Base size, random "
        "weights, medians. `HAT` has twelve segment-wise blocks, as many as RoBERTa has layers, and settings as "
        "`init-config --gpu` writes them; in bfloat16, and in training without dropout on attention weights, its "
        "attention is one call for segments of any lengths, and *in buckets* is the same without it. RoBERTa gets "
        "segments padded to 128, or sorted by length in batches that are as wide as their longest. Weights of others "
        "are in bfloat16, or they have autocast, whichever is faster. Longformer reads documents of its limit, "
        f"{pieces:,} pieces, four at a time.",
    ]
    if result["checks"]:
        parts += [*_checks(result["checks"])]
    predicted, trained, piped = ([*_runs(result, part)] for part in ("predict", "training", "pipeline"))
    if predicted:
        parts += [
            "Prediction: thousand pieces a second, and how many times as long each takes as the first of its kind:",
            _speeds(predicted, PREDICTED),
        ]
    if trained:
        parts += [
            "A training step, forward and backward, without the optimizer's, in batches of 256 full segments or of as "
            "many pieces, whose gradients add up; dropouts as published, or none among attention weights. `mixed` is "
            "`mixed_precision = true` (float16 with scaled gradients on a GPU), and autocast to the same of RoBERTa:",
            _speeds(trained, TRAINED),
        ]
    if result["memory"]:
        parts += [
            "The most memory above the weights, in MB, for one document (of a training step, gradients of the weights "
            "included). *Recomputing* is `activation_checkpointing = true`. RoBERTa has its segments in batches of "
            "256, Longformer and ModernBERT the whole document:",
            _memory(result["memory"]),
        ]
    if piped:
        parts += [
            f"From texts to `doc.cats`, {piped[0]['n_docs']} documents of {piped[0]['n_pieces']:,} pieces together: "
            "the shipped text classifier through `nlp.pipe`, and what its time goes to:",
            _pipelines(piped),
        ]
    if missing := [*_missing(result)]:
        parts += ["Not measured:", "\n".join(missing)]
    return parts


def _runs(result: Result, part: str) -> Iterator[Result]:
    return (run for run in result["runs"] if run["part"] == part)


def _pieces(work: str) -> int:
    """`full segments, 4,096 pieces` -> 4096"""
    return int(work.removesuffix(" pieces").rpartition(", ")[2].replace(",", ""))


def _checks(checks: list[Result]) -> list[str]:
    wrong = sum(not check["ok"] for check in checks)
    rows = [
        [
            f"{check['work']}: {check['by']}, {check['precision']}",
            f"{check['deviation']:.2g}",
            f"{check['tolerance']:g}",
            f"{check['varlen_calls']}",
        ]
        for check in checks
    ]
    return [
        f"Against float32 on a CPU, on segments of 1 to 128 pieces, {wrong or 'none'} of {len(checks)} cases "
        "deviate by more than is allowed: outputs by their largest number, gradients by the norm of what is off over "
        "the norm of all.",
        markdown_table(["deviation", "allowed", "calls of attention of any lengths"], rows),
    ]


def _speeds(runs: list[Result], precisions: Iterable[str]) -> str:
    seconds = {(run["work"], run["by"], run["precision"]): median(run["seconds"]) for run in runs}
    first: dict[tuple[str, str], str] = {}
    for work, by, precision in seconds:
        first.setdefault((work, precision), by)
    rows = []
    for work, by in dict.fromkeys((work, by) for work, by, _ in sorted(seconds, key=_order([*seconds]))):
        cells = []
        for precision in precisions:
            own = seconds.get((work, by, precision))
            if own is None:
                cells += ["", ""]
                continue
            ratio = own / seconds[work, first[work, precision], precision]
            cells += [f"{_pieces(work) / own / 1000:,.0f}", f"{ratio:.2f}"]
        rows.append([f"{work}: {by}", *cells])
    return markdown_table([title for precision in precisions for title in (precision, "times as long")], rows)


def _order(keys: list[tuple[str, str, str]]) -> Any:
    """Works, and who does them, in the order of their first appearance."""
    works = [*dict.fromkeys(work for work, _, _ in keys)]
    names = [*dict.fromkeys(by for _, by, _ in keys)]
    return lambda key: (works.index(key[0]), names.index(key[1]))


def _memory(rows: list[Result]) -> str:
    precisions = [*dict.fromkeys(row["precision"] for row in rows)]
    peaks = {(row["work"], row["by"], row["precision"]): row["peak_mb"] for row in rows}
    lines = [
        [
            f"{work}: {by}",
            *(f"{peaks[work, by, each]:,.0f}" if (work, by, each) in peaks else "" for each in precisions),
        ]
        for work, by in dict.fromkeys((row["work"], row["by"]) for row in rows)
    ]
    return markdown_table(precisions, lines)


def _pipelines(runs: list[Result]) -> str:
    stages = [*runs[0]["shares"]]
    rows = [
        [
            f"{run['work']}, {run['precision']}",
            f"{run['n_pieces'] / median(run['seconds']):,.0f}",
            *(f"{run['shares'][stage]:.0%}" for stage in stages),
        ]
        for run in runs
    ]
    return markdown_table(["pieces a second", *stages], rows)


def _missing(result: Result) -> Iterator[str]:
    for row in result["failed"]:
        names = ", ".join(str(row[name]) for name in NAMES if name in row)
        yield f"* {names} failed: `{row['error'].replace('`', '')}`"
    for line in result["left_out"]:
        yield f"* {line}."
