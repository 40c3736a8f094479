"""Draws the rooms of the package by their imports: `python -m tools.architecture`. A test holds the picture to them.

A room stands below all rooms that import it. A line is an import; one that follows from others (a imports b, b imports
c, so a may import c) is left out.
"""

import ast
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

from spacy_hat.machine.atomic_output import new_file

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "spacy_hat"
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
WIDTH, BOX, HEIGHT, GAP = 760, 112, 40, 34
LABELS = 'aria-labelledby="title description"'
Rooms = Mapping[str, set[str]]

STYLE = """
    text { fill: #20242e; font: 14px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
    text { text-anchor: middle; }
    .panel { fill: #ffffff; stroke: #d4d8e2; }
    .box { fill: #f3f5f9; stroke: #3f74c0; }
    path { fill: none; stroke: #8a91a1; stroke-width: 1.2; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6e8ee; }
      .panel { fill: #1e2129; stroke: #3b4150; } .box { fill: #2a2f3a; }
    }
"""


def room_of(path: Path) -> str:
    """RETURNS (str): The folder of a module, or the module itself, if it stands in the package alone."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def read_rooms() -> Rooms:
    """RETURNS (Rooms): Room -> rooms that its modules import, wherever in them."""
    rooms: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent == PACKAGE and path.stem == "__init__":
            continue
        rooms.setdefault(room_of(path), set()).update(_imported(path) - {room_of(path)})
    return {room: imported & rooms.keys() for room, imported in rooms.items()}


def _imported(path: Path) -> set[str]:
    package = ["spacy_hat", *path.relative_to(PACKAGE).parts[:-1]]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        found.update(name.split(".")[1] for name in names if name.startswith("spacy_hat."))
    return found


def floors(rooms: Rooms) -> list[list[str]]:
    """RETURNS (list[list[str]]): Rooms from the top down: each above all that it imports, as low as it can stand."""
    heights: dict[str, int] = {}
    for room in TopologicalSorter(rooms).static_order():
        heights[room] = 1 + max((heights[below] for below in rooms[room]), default=-1)
    return [sorted(room for room in rooms if heights[room] == floor) for floor in range(max(heights.values()), -1, -1)]


def direct(rooms: Rooms) -> list[tuple[str, str]]:
    """RETURNS (list[tuple[str, str]]): The imports that do not follow from others."""
    reached: dict[str, set[str]] = {}
    for room in TopologicalSorter(rooms).static_order():
        reached[room] = rooms[room].union(*(reached[below] for below in rooms[room]))
    return [
        (room, below)
        for room in sorted(rooms)
        for below in sorted(rooms[room])
        if not any(below in reached[other] for other in rooms[room])
    ]


def picture(rooms: Rooms) -> str:
    """RETURNS (str): The rooms as SVG."""
    rows = floors(rooms)
    places = {
        room: (WIDTH * (number + 1) / (len(row) + 1), 24 + HEIGHT / 2 + floor * (HEIGHT + GAP))
        for floor, row in enumerate(rows)
        for number, room in enumerate(row)
    }
    height = 48 + len(rows) * (HEIGHT + GAP) - GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {LABELS}>',
        '  <title id="title">The rooms of spacy_hat; each imports only from those below it</title>',
        f'  <desc id="description">From the top: {"; ".join(", ".join(row) for row in rows)}.</desc>',
        f"  <style>{STYLE}  </style>",
        f'  <rect class="panel" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
    ]
    for above, below in direct(rooms):
        (x, y), (to_x, to_y) = places[above], places[below]
        start, end = y + HEIGHT / 2, to_y - HEIGHT / 2
        bend = (start + end) / 2
        lines.append(
            f'  <path d="M{x:.0f} {start:.0f} C{x:.0f} {bend:.0f} {to_x:.0f} {bend:.0f} {to_x:.0f} {end:.0f}"/>'
        )
    for room, (x, y) in places.items():
        box = f'x="{x - BOX / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{BOX}" height="{HEIGHT}" rx="6"'
        lines += [f'  <rect class="box" {box}/>', f'  <text x="{x:.0f}" y="{y + 5:.0f}">{room}</text>']
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    with new_file(PICTURE) as file:
        file.write_text(picture(read_rooms()), encoding="utf8")
