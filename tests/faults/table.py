"""The table of docs/reliability.md: `python -m tests.faults.table results/faults.json`"""

import json
import sys
from pathlib import Path
from typing import Any

HEADER = ("what happens", "times", "moments", "commands until the end", "lost, twice or wrong")


def table(figures: dict[str, Any]) -> str:
    """RETURNS (str): A row for each scenario."""
    return "\n".join(_row(cells) for cells in (HEADER, ["---"] * len(HEADER), *map(_cells, figures.values())))


def _cells(figure: dict[str, Any]) -> list[str]:
    trials = figure["trials"]
    moments = [trial["moment"] for trial in trials if "moment" in trial]
    runs = [trial["n_runs"] for trial in trials if "n_runs" in trial]
    bad = sum(bool(trial["wrong"]) for trial in trials)
    return [
        figure["what"],
        str(len(trials)),
        _range([f"{one:.0%}" for one in sorted(moments)]),
        _range(sorted(runs)),
        str(bad),
    ]


def _range(values: list[Any]) -> str:
    first, last = (str(values[0]), str(values[-1])) if values else ("", "")
    return first if first == last else f"{first} to {last}"


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf8"))))
