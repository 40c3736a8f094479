"""Ratios from times: how many times as fast as somebody else, and whether that is what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.table import Table

from benchmarks.timing import Key
from spacy_hat.machine.processor import cpu_multiplies_bfloat16

BOTH_BFLOAT16 = "bfloat16 of both"


@dataclass
class Comparison:
    """Their time divided by ours, for one work.

    work (str): What both do.
    ours, against (str): Who does it.
    ratios (dict[str, float]): By our precision, against theirs in float32, which is what they run in as they come; and
        "bfloat16 of both".
    asked (dict[str, float]): The least ratio that was asked for, by our precision.
    """

    work: str
    ours: str
    against: str
    ratios: dict[str, float]
    asked: dict[str, float] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        """RETURNS (bool): Whether every ratio is what was asked for."""
        return all(self.ratios.get(precision, least) >= least for precision, least in self.asked.items())


def precisions() -> list[str]:
    """RETURNS (list[str]): Those that this CPU multiplies natively."""
    return ["float32", "bfloat16"] if cpu_multiplies_bfloat16() else ["float32"]


def compare(
    seconds: Mapping[Key, float],
    work: str,
    ours: str,
    against: str,
    *,
    their_work: str | None = None,
    asked: dict[str, float] | None = None,
) -> Comparison:
    """Divide their times by ours.

    seconds (Mapping[Key, float]): Median times.
    work (str): What we do.
    ours, against (str): Names.
    their_work (str | None): What they do, if it goes by another name.
    asked (dict[str, float] | None): The least ratios that were asked for.
    RETURNS (Comparison): With the ratios of all precisions that were timed.
    """
    theirs = {precision: seconds.get((their_work or work, against, precision)) for precision in ("float32", "bfloat16")}
    found = {}
    for name, own, their in (
        ("float32", "float32", theirs["float32"]),
        ("bfloat16", "bfloat16", theirs["float32"]),
        (BOTH_BFLOAT16, "bfloat16", theirs["bfloat16"]),
    ):
        if their is not None and (work, ours, own) in seconds:
            found[name] = their / seconds[work, ours, own]
    return Comparison(their_work or work, ours, against, found, asked or {})


def comparison_table(comparisons: list[Comparison]) -> Table:
    """RETURNS (Table): A row for each, with what was asked for."""
    columns = ("float32", "bfloat16", BOTH_BFLOAT16)
    table = Table("work", "ours", "against", *columns, "asked for", "reached", title="times as fast")
    for found in comparisons:
        ratios = (f"{found.ratios[name]:.2f}" if name in found.ratios else "" for name in columns)
        asked = " / ".join(f"{least:g}" for least in found.asked.values())
        reached = ("yes" if found.reached else "no") if asked else ""
        table.add_row(found.work, found.ours, found.against, *ratios, asked, reached)
    return table


def seconds_table(seconds: Mapping[Key, float]) -> Table:
    """RETURNS (Table): The times themselves."""
    table = Table("work", "by", "precision", "seconds")
    for key, median in sorted(seconds.items()):
        table.add_row(*key, f"{median:.3f}")
    return table
