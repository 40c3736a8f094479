"""The two plots of docs/performance.md."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

Result = dict[str, Any]
OURS = "#1f77b4"
PEER = "#b0b7c3"
COLOURS = {"float32": "#8fb8de", "bfloat16": OURS}


def plot_growth(growth: Result, path: Path) -> None:
    """Seconds of one document against its pieces, with the fitted line and one of the power of two.

    growth (Result): Of benchmarks/growth.py.
    path (Path): Where the picture goes.
    """
    pieces = np.array([found["pieces"] for found in growth["lengths"]], dtype=float)
    seconds = np.array([found["seconds"] for found in growth["lengths"]])
    slope, start = np.polyfit(np.log(pieces), np.log(seconds), 1)
    figure, axes = _empty("pieces of the document", "seconds")
    axes.set(xscale="log", yscale="log")
    axes.plot(pieces, np.exp(start) * pieces**slope, color=OURS, label=f"fitted: time ~ pieces$^{{{slope:.2f}}}$")
    axes.plot(pieces, seconds[0] * (pieces / pieces[0]) ** 2, color=PEER, linestyle="--", label="time ~ pieces$^2$")
    axes.plot(pieces, seconds, "o", color=OURS, label="measured")
    axes.set_ylim(top=seconds.max() * 5)
    axes.set_title("Time against length, documents to cats")
    axes.legend(frameon=False, loc="lower right")
    _save(figure, path)


def plot_ratios(comparisons: list[Result], path: Path) -> None:
    """How many times as fast as each peer, which runs in float32.

    comparisons (list[Result]): Of the benchmarks.
    path (Path): Where the picture goes.
    """
    figure, axes = _empty("times as fast (the other in float32)", "", height=1.2 + 0.55 * len(comparisons))
    names = [f"{found['against']}: {found['work']}" for found in comparisons]
    for shift, (precision, colour) in zip((-0.19, 0.19), COLOURS.items(), strict=True):
        ratios = [found["ratios"].get(precision, 0.0) for found in comparisons]
        bars = axes.barh(np.arange(len(names)) + shift, ratios, height=0.36, color=colour, label=f"HAT in {precision}")
        axes.bar_label(bars, labels=[f"{ratio:.1f}" if ratio else "" for ratio in ratios], padding=3, fontsize=8)
    axes.axvline(1.0, color="#555555", linewidth=1)
    axes.set_yticks(np.arange(len(names)), names, fontsize=9)
    axes.invert_yaxis()
    axes.set_title("Against other encoders and pipelines")
    axes.legend(frameon=False, loc="lower right")
    _save(figure, path)


def _empty(x_label: str, y_label: str, height: float = 4.0) -> tuple[Figure, Any]:
    figure = Figure(figsize=(8.0, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    """Write it so that the same figures give the same file."""
    with matplotlib.rc_context({"svg.hashsalt": "spacy-hat"}):
        figure.savefig(path, format="svg", metadata={"Date": None})
