"""Whether a command may write to a place: what would be lost is nothing but what the user asked to replace."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .streams import is_stream


class PlaceError(ValueError):
    """Something speaks against writing to a place.

    place (Path): The place.
    """

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(reason)
        self.place = place


@dataclass(frozen=True)
class Kind:
    """Something that a command makes.

    name (str): With its article: "a HAT checkpoint".
    is_folder (bool): Whether it is a folder.
    foreign (Callable[[Path], str]): Why what is in a place is not of this kind, such as "no config.json of a HAT";
        empty if it is.
    """

    name: str
    is_folder: bool
    foreign: Callable[[Path], str]


def check_place(place: Path, kind: Kind, *, force: bool, sources: Iterable[str | Path] = ()) -> None:
    """Check that writing to a place loses nothing but an earlier result, if that is to be replaced.

    place (Path): Where the result is to go. What is neither a file nor a folder (a device, a FIFO, `-`) is written to,
        and never replaced.
    kind (Kind): What the result is.
    force (bool): Whether an earlier result may be replaced.
    sources (Iterable[str | Path]): What the result is made from: paths, or names that are not paths.
    RAISES (PlaceError): If something speaks against it; says what to do.
    """
    if is_stream(place):
        if kind.is_folder:
            raise PlaceError(place, f"It is not a folder, and {kind.name} is one. Choose another place.")
        return
    _check_parents(place)
    for source in map(Path, sources):
        _check_source(place, source, kind)
    if not (place.exists() or place.is_symlink()) or (kind.is_folder and _is_empty(place)):
        return
    _check_kind(place, kind, force=force)


def _check_kind(place: Path, kind: Kind, *, force: bool) -> None:
    """RAISES (PlaceError): If what is there may not be replaced."""
    if place.is_dir() != kind.is_folder and not place.is_symlink():
        found = "It is a folder, expected a file" if place.is_dir() else "A file is there, expected a folder"
        raise PlaceError(place, f"{found} or nothing. Choose another place.")
    if not force:
        what = "folder" if place.is_dir() else "file"
        raise PlaceError(place, f"A {what} is there already. Choose another, or replace it with --force.")
    if place.is_symlink():
        target = place.readlink()
        raise PlaceError(place, f"It is a link to {target}, which would be lost. Name the place itself, or another.")
    if reason := kind.foreign(place):
        raise PlaceError(place, f"It is not {kind.name} ({reason}), and would be lost. Choose another place.")


def _is_empty(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink() and not any(place.iterdir())


def _check_parents(place: Path) -> None:
    """RAISES (PlaceError): If what the place is in is not a folder, or cannot be written to."""
    absolute = place.absolute()
    parent = next((parent for parent in absolute.parents if parent.exists()), absolute)  # the root has none
    if not parent.is_dir():
        raise PlaceError(place, f"{parent} is a file, expected a folder. Choose another place.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PlaceError(place, f"The folder {parent} cannot be written to. Choose another place.")


def _check_source(place: Path, source: Path, kind: Kind) -> None:
    """RAISES (PlaceError): If the result would take the place of its source, hold it, or lie in it."""
    if str(source) == "-" or not source.exists():
        return
    own, there = source.resolve(), place.resolve()
    if own == there or (place.exists() and place.samefile(source)):
        raise PlaceError(place, "It is the source itself, which would be lost. Choose another place.")
    if not kind.is_folder:
        return
    if there in own.parents:
        if place.exists():
            raise PlaceError(place, f"It holds the source, {source}, which would be lost. Choose another place.")
    elif own in there.parents and own.is_dir():
        raise PlaceError(place, f"It lies in the source, {source}. Choose a place beside it.")
