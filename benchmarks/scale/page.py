"""Writes the figures of docs/scale.md: `python -m benchmarks.scale.page`. Nothing is measured here."""

import json
from pathlib import Path
from typing import Any

import typer

from spacy_hat.machine.atomic_output import new_file
from tools.markdown_table import markdown_table

FIGURES = Path("results/scale/scale.json")
PAGE = Path("docs/scale.md")
BEGIN, END = "<!-- figures: python -m benchmarks.scale.page -->", "<!-- end of figures -->"

# Name of the mark -> what it says, and how it is written.
MARKS = {
    "overhead of the kernel": ("the kernel, over `nlp.pipe` in one process", "{:+.1%}"),
    "overhead of Ray on one node": ("Ray on one node of one CPU, over the same", "{:+.1%}"),
    "two processes of nlp.pipe, over one": (
        "two processes of `nlp.pipe`, times one: what the machine allows",
        "{:.2f}",
    ),
    "two nodes of Ray, over one": ("two nodes of one CPU, times one", "{:.2f}"),
    "wall over work / workers, even": ("two nodes: wall time over work / 2", "{:.2f}"),
    "wall over work / workers, even, processes": ("two processes of the kernel: wall time over work / 2", "{:.2f}"),
    "wall over work / workers, waiting": (
        "one document in a hundred as long as ten windows, four processes that wait where others work: wall time over "
        "work / 4",
        "{:.2f}",
    ),
    "two processes of nlp.pipe, over one, skewed": (
        "one document in a hundred a hundred times as long, two processes of `nlp.pipe`, times one",
        "{:.2f}",
    ),
    "wall over work / workers, skewed": (
        "one document in a hundred a hundred times as long, two nodes: wall time over work / 2",
        "{:.2f}",
    ),
    "wall over work / workers, skewed, processes": (
        "one document in a hundred a hundred times as long, two processes of the kernel: wall time over work / 2",
        "{:.2f}",
    ),
}
KINDS = {
    "docstrings": "docstrings of NumPy, as they come with this package",
    "licences": "texts of licences, as they come with this package",
}


def figures_page(results: dict[str, Any]) -> str:
    """RETURNS (str): What stands between the marks of docs/scale.md."""
    parts = [_marks(results), _memory(results), *_simulations(results)]
    return "\n\n".join([BEGIN, *(part for part in parts if part), END])


def _marks(results: dict[str, Any]) -> str:
    marks, runs = results["marks"], results["runs"]
    rows = [(what, form.format(marks[name])) for name, (what, form) in MARKS.items() if name in marks]
    times = sorted({len(found) for name, found in runs.items() if name not in ("reading", "ray, crumbs")})
    starting = [one["seconds_in_all"] - one["seconds"] for one in runs.get("ray", [])]
    told = f"Runs of each: {' or '.join(map(str, times))}; medians."
    if starting:
        told += f" Before the first document, Ray and the pipeline took {max(starting):.0f} s to start."
    if any("begun" not in one for one in runs.get("ray, 2, skewed", [])):
        told += " Timed runs are of an earlier state, in which the last blocks were as large as the others."
    begun = [max(one["begun"]) for one in runs.get("ray, 2, skewed", []) if "begun" in one]
    if begun:
        told += (
            f" The second node had its first document {max(begun):.1f} s after the first one, which counts as waiting."
        )
    return f"{markdown_table(('', ''), rows)}\n\n{told}"


def _memory(results: dict[str, Any]) -> str:
    runs = {name.removesuffix(", memory"): found[0] for name, found in results["runs"].items() if "memory" in name}
    if not runs:
        return ""
    n_docs = results["settings"]["memory"]
    places = [place for place in (1, 2, 5, 10, 15, 20) if n_docs * place % 20 == 0]
    header = ("documents done", *(f"{n_docs * place // 20:,}" for place in places))
    rows = [
        (f"{name.capitalize()}, MB", *(str(found["memory_mb"][place - 1]) for place in places))
        for name, found in runs.items()
    ]
    grown = "; ".join(f"{name}, {results['marks'][f'growth of memory, {name}']:+.1%}" for name in runs)
    return (
        f"**Memory**, of the process that has the pipeline, after so many of {n_docs:,} documents (all twenty figures "
        f"are in `{FIGURES}`). From the first tenth to the end: {grown}.\n\n{markdown_table(header, rows)}"
    )


def _simulations(results: dict[str, Any]) -> list[str]:
    return [_simulation(kind, found) for kind, found in results.get("simulation", {}).items()]


def _simulation(kind: str, found: dict[str, Any]) -> str:
    costs = found["costs"]
    rows = [
        (
            str(row["workers"]),
            f"{row['seconds'] / 3600:.2f}",
            f"{row['efficiency']:.0%}",
            *(f"{row['without'][name]:.0%}" for name in row["without"]),
        )
        for row in found["workers"]
    ]
    header = (
        "workers",
        "hours",
        "work / workers / time",
        *(f"without {name}" for name in found["workers"][0]["without"]),
    )
    reason = next((row["because of"] for row in found["workers"] if row["because of"]), None)
    linear = f"Linear (90 % or more) up to {found['linear_up_to']} workers"
    why = f"; from there on, it is {reason} that costs most." if reason else "."
    return (
        f"**{found['documents']:,} documents, simulated**, with lengths drawn from {KINDS[kind]}: "
        f"{found['work_seconds'] / 3600:.1f} hours of work in {found['blocks']:,} blocks. {linear}{why}\n\n"
        f"{markdown_table(header, rows)}\n\n"
        f"Costs, as measured: {costs['per_character'] * 1e6:.1f} s for a million characters and "
        f"{costs['per_document'] * 1e3:.2f} ms for a document, in the pipeline; {costs['to_start']:.0f} s until an "
        f"actor has loaded; {costs['to_read'] * 1e6:.2f} s to read a million characters, in {costs['n_files']} files; "
        f"{costs['to_hand_out'] * 1e3:.0f} ms to hand out a block; a worker lost every "
        f"{costs['between_failures'] / 3600:.0f} hours."
    )


def main() -> None:
    """Put the figures into their place."""
    page = PAGE.read_text(encoding="utf8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = figures_page(json.loads(FIGURES.read_text(encoding="utf8")))
    with new_file(PAGE) as file:
        file.write_text(f"{before}{figures}{after}", encoding="utf8")


if __name__ == "__main__":
    typer.run(main)
