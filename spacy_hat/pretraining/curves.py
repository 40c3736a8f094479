"""Loss curves and the gauge, as a picture."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HIDDEN, OFF = "hidden_", "_off"


def draw_curves(logs: Sequence[dict[str, Any]], file: Path) -> bool:
    """Draw what was logged.

    logs (Sequence[dict[str, Any]]): The logs, each with its step.
    file (Path): The picture, by its ending.
    RETURNS (bool): Whether there is one: matplotlib may be missing.
    """
    if find_spec("matplotlib") is None:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, gauge = figure.subplots(1, 2)
    names = sorted({name for log in logs for name in log if name.startswith(HIDDEN) and not name.endswith(OFF)})
    for name in ["loss", *names]:
        losses.plot(*_line(logs, name), label="training, all objectives" if name == "loss" else _words(name))
        if name != "loss":
            dashed = {"linestyle": "--", "color": losses.lines[-1].get_color()}
            losses.plot(*_line(logs, name + OFF), label=f"{_words(name)}, without cross-segment blocks", **dashed)
    gauge.plot(*_line(logs, "gauge"), marker=".")
    for axes, title in ((losses, "Loss"), (gauge, "Gauge: loss without cross-segment blocks, minus with them")):
        axes.set(xlabel="step")
        axes.set_title(title, fontsize=10)
        axes.grid(alpha=0.3)
    losses.legend(fontsize=8)
    figure.savefig(file, dpi=120)
    return True


def _line(logs: Sequence[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    known = [log for log in logs if name in log]
    return [log["step"] for log in known], [log[name] for log in known]


def _words(name: str) -> str:
    return f"held out, {name.removeprefix(HIDDEN)}"
