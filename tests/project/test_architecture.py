"""The picture of the rooms is that of the imports, and the page names files that are there."""

import re

from tools.architecture import PICTURE, direct, floors, picture, read_rooms

from ..support.project import ROOT

BASES = [ROOT, ROOT / "spacy_hat"]
ROOMS: dict[str, set[str]] = {"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"c"}}


def test_architecture_picture_is_that_of_the_imports() -> None:
    assert PICTURE.read_text(encoding="utf8") == picture(read_rooms()), "python -m tools.architecture draws it again"


def test_architecture_floors_stand_above_what_they_import() -> None:
    assert floors(ROOMS) == [["a"], ["b", "d"], ["c"]]


def test_architecture_leaves_out_imports_that_follow_from_others() -> None:
    assert direct(ROOMS) == [("a", "b"), ("b", "c"), ("d", "c")]


def test_architecture_and_contributing_name_what_is_there() -> None:
    pages = [(ROOT / name).read_text(encoding="utf8") for name in ("docs/architecture.md", "CONTRIBUTING.md")]
    named = {path for page in pages for path in re.findall(r"`([\w./]+/[\w./]*)`", page)}
    assert [
        path for path in sorted(named) if not (ROOT / path).exists() and not (ROOT / "spacy_hat" / path).exists()
    ] == []
