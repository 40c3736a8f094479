"""What docs/performance.md says of each benchmark: a section for each of their JSON files."""

from collections.abc import Callable
from statistics import median
from typing import Any

from scripts.compare.report import markdown_table
from scripts.precision import cells, headings
from tools.engine_sections import (
    allocator_section,
    engine_pipelines_section,
    engine_profile_section,
    engines_section,
)
from tools.gpu_section import gpu_section

Result = dict[str, Any]
TIMES = ("float32", "bfloat16", "bfloat16 of both")


def machine_line(machine: dict[str, Any]) -> str:
    """RETURNS (str): The machine in words."""
    native = "with" if machine["bfloat16"] else "without"
    gpu = f", {machine['gpu']}" if machine["gpu"] else ""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, threads of torch: {machine['threads']}, {machine['capability']} "
        f"{native} native bfloat16{gpu}; torch {machine['torch']}, Python {machine['python']}"
    )


def made_by(result: Result) -> str:
    """RETURNS (str): The command, and the machine that it ran on."""
    return f"`{result['command']}`, on {machine_line(result['machine'])}."


def comparison_rows(comparisons: list[Result]) -> list[list[str]]:
    """RETURNS (list[list[str]]): A row for each: work, the other, ratios, and what was asked for."""
    rows = []
    for found in comparisons:
        ratios = [_ratio(found, precision) for precision in TIMES]
        asked = " / ".join(f"{least:g}" for least in found["asked"].values())
        rows.append([f"{found['work']}, {found['ours']}", found["against"], *ratios, asked])
    return rows


def _ratio(found: Result, precision: str) -> str:
    ratio, asked = found["ratios"].get(precision), found["asked"].get(precision)
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if asked is None else f"**{ratio:.2f}**" if ratio >= asked else f"{ratio:.2f} (not reached)"


def comparisons_table(result: Result) -> str:
    """RETURNS (str): Its comparisons, in Markdown."""
    return markdown_table(["against", *TIMES, "asked for"], comparison_rows(result["comparisons"]))


def predict_section(result: Result) -> list[str]:
    rates = [[precision, *(f"{rate:.0f}" for rate in rates.values())] for precision, rates in result["gflops"].items()]
    pieces = result["n_pieces"]
    return [
        "## The encoder alone",
        "Base size: 768 wide, 12 heads, 3,072 in the feed-forward half. Full segments are 32 of 128, "
        f"{pieces['full segments']:,} pieces; ordinary sentences are 32, one a segment, of "
        f"{pieces['ordinary sentences']:,} pieces (the quantiles of a gamma distribution of shape 3). `HAT` has twelve "
        "segment-wise blocks, as many as RoBERTa has layers; the layout of the hub is that of "
        "`kiddothe2b/adhoc-hierarchical-transformer-base-4096`. RoBERTa reads the same segments padded to 128, "
        "Longformer (window 512) the whole document in one.",
        comparisons_table(result),
        "GFLOP/s of useful products (no padding counts), ours and of the same products with nothing between them:",
        markdown_table(list(next(iter(result["gflops"].values()))), rates),
    ]


def training_section(result: Result) -> list[str]:
    return [
        "## Training",
        f"A step (forward and backward, without the optimizer's) on the same {result['n_pieces']:,} pieces of ordinary "
        "sentences, with the dropouts of the published configuration. bfloat16 is autocast on both sides.",
        comparisons_table(result),
    ]


def peers_section(result: Result) -> list[str]:
    return [
        "## Encoders for long documents",
        f"One document of {result['n_pieces']:,} pieces, each encoder in its own way: windows of 512 (Longformer), "
        "blocks of 64 (BigBird), local attention and a global layer in three (ModernBERT-base, 22 narrower layers), "
        "RoBERTa over windows of 128 that overlap by 32.",
        comparisons_table(result),
    ]


def repeats_section(result: Result) -> list[str]:
    return [
        "## Segments that repeat",
        f"Docstrings of NumPy's ufuncs, one sentence a segment, {result['n_pieces']:,} pieces: "
        f"{result['repeated']:.0%} of them stand in a segment that was there before. Against the same lengths with no "
        "segment twice:",
        comparisons_table(result),
    ]


def documents_section(result: Result) -> list[str]:
    return [
        "## Through the pipeline",
        f"Convention speeches cut into documents of {result['n_words']:,} words, through `nlp.pipe` to `doc.cats`: the "
        "shipped text classifier, against spacy-transformers with the same weights in overlapping windows and spaCy's "
        "own textcat. Ratios are of documents a second.",
        comparisons_table(result),
        "Where our time goes:",
        profile_table(result["profiles"]),
    ]


def short_section(result: Result) -> list[str]:
    return [
        "## Many short documents",
        f"{result['n_docs']:,} texts of {result['n_words']} words at MiniLM size, against a plain `transformer` "
        "component with the same weights.",
        comparisons_table(result),
        profile_table(result["profiles"]),
    ]


def growth_section(result: Result) -> list[str]:
    rows = [
        [
            f"{found['pieces']:,}",
            f"{found['seconds']:.2f}",
            f"{found['pieces_per_second']:,.0f}",
            "" if found["peak_mb"] is None else f"{found['peak_mb'] - found['loaded_mb']:,.0f}",
            f"{found['share_outside_encoder']:.1%}",
        ]
        for found in result["lengths"]
    ]
    return [
        "## Cost against length",
        "One document at MiniLM size, each length in a process of its own. Time grows with the length to the power of "
        f"**{result['exponent']:.3f}** (asked for: at most {result['most_exponent']}).",
        "![Time against length](performance/time-against-length.svg)",
        markdown_table(["seconds", "pieces a second", "peak above the loaded model, MB", "outside the encoder"], rows),
    ]


def profile_table(profiles: list[Result]) -> str:
    """RETURNS (str): The share of wall time that each stage takes, in Markdown."""
    rows = [[stage, *(f"{found['shares'][stage]:.1%}" for found in profiles)] for stage in profiles[0]["shares"]]
    rows.append(["**outside the encoder**", *(f"**{found['outside']:.1%}**" for found in profiles)])
    if any(found["asked"] for found in profiles):
        rows.append(["asked for", *(f"< {found['asked']:.0%}" if found["asked"] else "" for found in profiles)])
    return markdown_table([f"{found['work']}, {found['precision']}" for found in profiles], rows)


def _median(result: Result, work: str, by: str, precision: str) -> float:
    (run,) = (run for run in result["runs"] if (run["work"], run["by"], run["precision"]) == (work, by, precision))
    return median(run["seconds"])


def _times_as_fast(result: Result, work: str, precision: str, others: list[str], than: str) -> list[str]:
    """How many times as fast each of the others is."""
    slow = _median(result, work, than, precision)
    return [f"{slow / _median(result, work, other, precision):.2f}" for other in others]


def _names(result: Result, column: str) -> list[str]:
    """What stands in a column of the runs, once each, in order."""
    return list(dict.fromkeys(run[column] for run in result["runs"]))


def dense_section(result: Result) -> list[str]:
    than, *others = _names(result, "by")
    rows = [
        [work, precision, *_times_as_fast(result, work, precision, others, than)]
        for precision in _names(result, "precision")
        for work in _names(result, "work")
    ]
    return [
        "## Kernels: dense layers",
        "torch multiplies float32 on a CPU with MKL, and bfloat16 with oneDNN. Times as fast as `F.linear` and GELU, "
        "for the first product of a feed-forward half. Prediction in float32 takes oneDNN with weights as they are; "
        "bfloat16 needs a copy of the weights anyway, and lays it out.",
        markdown_table(["precision", *others], rows),
    ]


def frozen_section(result: Result) -> list[str]:
    (work,), precisions = _names(result, "work"), _names(result, "precision")
    than, *others = _names(result, "by")
    columns = [_times_as_fast(result, work, precision, others, than) for precision in precisions]
    rows = [[f"`{by}`", *ratios] for by, *ratios in zip(others, *columns, strict=True)]
    return [
        "## Frozen blocks, and their output kept",
        f"A training step of {result['n_pieces']:,} pieces at MiniLM size, layout `S|S|S|S|SD|SD`, times as fast as "
        "with nothing frozen. `segment_cache_mb` keeps what frozen blocks make of a segment before segments attend, "
        "so that every epoch but the first finds it there.",
        markdown_table(precisions, rows),
    ]


def precision_section(result: Result) -> list[str]:
    rows = [*result["pipelines"], *result["averages"]]
    return [
        "## What bfloat16 and int8 cost in accuracy",
        "Accuracy of HAT's pipelines of [the comparison](compare.md) (`python -m scripts.compare --keep training/kept` "
        "leaves them) on documents they have not seen, predicted in each precision: points above float32, and "
        "decisions that are the same.",
        markdown_table(headings(rows), list(cells(rows))),
    ]


# File without .json -> what the page says of it, in this order.
SECTIONS: dict[str, Callable[[Result], list[str]]] = {
    "engines": engines_section,
    "engine_pipelines": engine_pipelines_section,
    "engine_profile": engine_profile_section,
    "allocator": allocator_section,
    "encoder-predict": predict_section,
    "encoder-training": training_section,
    "encoder-peers": peers_section,
    "encoder-repeats": repeats_section,
    "pipeline-documents": documents_section,
    "pipeline-short": short_section,
    "growth": growth_section,
    "gpu": gpu_section,
    "precision": precision_section,
    "dense": dense_section,
    "frozen": frozen_section,
}
