"""Documents as JSON: an object on each line, or a list of them; read strictly."""

import json
import math
from collections.abc import Iterator
from typing import Any

from .sources import Source

DATA_KEY = "data"


def read_json_lines(source: Source) -> Iterator[tuple[str, dict[str, Any] | ValueError]]:
    """Read an object on each line. Lines end with a line feed only: JSON may hold other ends of lines.

    source (Source): The file.
    YIELDS (tuple[str, dict[str, Any] | ValueError]): Where it stands, and its values, or why the line has none.
    """
    with source.open(newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                place = f"{source.path}, line {number}"
                yield place, _read_line(place, line)


def _read_line(place: str, line: str) -> dict[str, Any] | ValueError:
    try:
        return _object_of(place, parse(line, place, "an object on each line"))
    except ValueError as error:
        return error


def read_json(source: Source) -> Iterator[tuple[str, dict[str, Any] | ValueError]]:
    """Read a list of objects, or one under "data".

    source (Source): The file.
    YIELDS (tuple[str, dict[str, Any] | ValueError]): Its place in the list, and its values, or why it has none.
    RAISES (ValueError): If there is something else than such a list.
    """
    expected = f'a list of objects, or {{"{DATA_KEY}": [...]}}; with an object on each line, name it .jsonl'
    with source.open() as file:
        found = parse(file.read(), str(source.path), expected)
    if isinstance(found, dict) and DATA_KEY in found:
        found = found[DATA_KEY]
    if not isinstance(found, list):
        raise ValueError(f"{source.path} is {_kind(found)}. Expected: {expected}.")
    for number, values in enumerate(found, start=1):
        place = f"{source.path}, document {number}"
        yield place, _object_of(place, values)


def parse(content: str, place: str, expected: str) -> Any:
    """Read JSON, and refuse what other readers take in silence: a key twice, NaN, a number beyond all bounds.

    content (str): The JSON.
    place (str): Where it stands, for messages.
    expected (str): What should be there, for messages.
    RETURNS (Any): The value.
    RAISES (ValueError): If it is not JSON.
    """
    try:
        return json.loads(content, object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ValueError(f"{place} is nested too deeply. Expected: {expected}.") from None
    except ValueError as error:
        raise ValueError(f"{place} is not JSON ({error}). Expected: {expected}.") from None


def _object_of(place: str, values: Any) -> dict[str, Any] | ValueError:
    if not isinstance(values, dict):
        return ValueError(f"{place} is {_kind(values)}. Expected: an object: {{...}}.")
    return values


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in an object")
    return values


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"{number} is too large a number")
    return value
