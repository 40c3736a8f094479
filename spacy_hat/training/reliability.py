"""Are scores probabilities? Of what a pipeline says with a score of 0.8, four in five should be right."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..machine.kinds import PICTURE_MARK

N_BINS = 10
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """How sure a pipeline is, and how often it is right, in ten bins of the score.

    scores (NDArray): (n_bins,) mean of the highest scores.
    accuracies (NDArray): (n_bins,) how many of them are right.
    counts (NDArray): (n_bins,) how many there are; bins without any have zeros.
    """

    scores: Floats
    accuracies: Floats
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, highest: Floats, right: NDArray[np.bool_]) -> "Reliability":
        """Put scores into bins.

        highest (NDArray): (n_units,) the score of what was predicted.
        right (NDArray): (n_units,) whether it is right.
        RETURNS (Reliability): The bins.
        """
        bins = np.minimum((N_BINS * highest).astype(int), N_BINS - 1)
        counts = np.bincount(bins, minlength=N_BINS)
        scores, accuracies = (
            np.bincount(bins, weights=values, minlength=N_BINS) / np.maximum(counts, 1)
            for values in (highest, right.astype(float))
        )
        return cls(scores, accuracies, counts)

    @property
    def error(self) -> float:
        """RETURNS (float): Expected difference of score and accuracy (ECE); 0.0 without units."""
        gaps = self.counts * np.abs(self.scores - self.accuracies)
        return float(gaps.sum() / max(1, self.counts.sum()))


def check_picture(file: Path) -> None:
    """Check that a picture can be drawn, before what it is of is computed.

    file (Path): Where to.
    RAISES (ValueError): If its name does not end in .svg, or nothing is there to draw with.
    """
    if file.suffix != ".svg":
        raise ValueError(f"The picture is an SVG file. Got: {file}. Expected: a name that ends in .svg, with --plot.")
    if find_spec("matplotlib") is None:
        raise ValueError(
            "A picture is drawn by matplotlib, which is not installed. Install it, or leave out --plot: "
            "python -m pip install matplotlib"
        )


def draw_reliability(curves: Mapping[str, Reliability], file: Path) -> None:
    """Draw how often a score is right. On the diagonal, scores are probabilities; below it, they are too sure.

    curves (Mapping[str, Reliability]): By name.
    file (Path): An SVG file.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "spacy-hat"}):
        figure = Figure(figsize=(4.5, 4.5), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for name, curve in curves.items():
            there = curve.counts > 0
            axes.plot(curve.scores[there], curve.accuracies[there], marker="o", label=f"{name}: ECE {curve.error:.3f}")
        axes.set(xlabel="score", ylabel="how many are right", xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.legend(loc="upper left")
        # A date would change the file each time.
        figure.savefig(file, format="svg", metadata={"Creator": PICTURE_MARK, "Date": None})
