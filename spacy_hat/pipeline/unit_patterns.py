"""Where lines, paragraphs, headings and list items of a text begin, by its line breaks and marks alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..choices import Unit

LONGEST_HEADING = 120
MARK = re.compile(r"[-*+•‣◦▪\u2013\u2014·]\s+\S|\(?(?:\d{1,3}|[a-z]|[ivxl]{1,6})[.)]\s+\S|\(\w{1,4}\)\s+\S")
SEVERAL_NUMBERS = re.compile(r"\d+(?:\.\d+)+\.?\s+\S")
ONE_NUMBER = re.compile(r"(?:\d+|[A-Z]|[IVXLC]+)[.)]?\s+[^\W\d_]")
NAMED = re.compile(r"(?:chapter|section|article|part|appendix|annex|title|schedule|§+)\s+[\dA-Z]", re.IGNORECASE)
MARKDOWN = re.compile(r"#{1,6}\s+\S")
UNDERLINE = re.compile(r"([=\-~^\"'`*+#_:.])\1{2,}$")
ENDS_LIKE_A_SENTENCE = re.compile(r"[.;,:?!]$")


@dataclass(frozen=True)
class Line:
    """A line that is not blank.

    start (int): Its first character that is not a space.
    text (str): All of it, without spaces at its ends.
    after_blank (bool): Whether the line before it is blank, or it is the first.
    before_blank (bool): Whether the line after it is blank, or it is the last.
    """

    start: int
    text: str
    after_blank: bool
    before_blank: bool


def find_lines(text: str) -> list[Line]:
    """RETURNS (list[Line]): The lines that are not blank. Each of Unicode's line breaks ends one."""
    found, place = [], 0
    lines = text.splitlines(keepends=True)
    blank = [True, *(not line.strip() for line in lines), True]
    for number, line in enumerate(lines, start=1):
        if not blank[number]:
            start = place + len(line) - len(line.lstrip())
            # A paragraph separator is a blank line of its own.
            after = blank[number - 1] or lines[number - 2].endswith("\u2029")
            found.append(Line(start, line.strip(), after, blank[number + 1]))
        place += len(line)
    return found


def starts_of_lines(lines: list[Line]) -> list[int]:
    """RETURNS (list[int]): Where each line begins."""
    return [line.start for line in lines]


def starts_of_paragraphs(lines: list[Line]) -> list[int]:
    """RETURNS (list[int]): Where each line after a blank one begins."""
    return [line.start for line in lines if line.after_blank]


def starts_of_items(lines: list[Line]) -> list[int]:
    """RETURNS (list[int]): Where each list item, and each paragraph, begins."""
    return [line.start for line in lines if line.after_blank or MARK.match(line.text)]


def starts_of_headings(lines: list[Line]) -> list[int]:
    """RETURNS (list[int]): Where each heading, and what follows it, begins."""
    starts, was_heading = [], False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) and not line.before_blank else None
        is_underlined = following is not None and UNDERLINE.match(following.text) is not None
        is_underline = number > 0 and not line.after_blank and was_heading and UNDERLINE.match(line.text) is not None
        if is_underline:
            continue
        is_heading = is_underlined or _looks_like_heading(line)
        if is_heading or was_heading:
            starts.append(line.start)
        was_heading = is_heading
    return starts


def _looks_like_heading(line: Line) -> bool:
    text = line.text
    if MARKDOWN.match(text):
        return True
    if len(text) > LONGEST_HEADING or ENDS_LIKE_A_SENTENCE.search(text):
        return False
    if SEVERAL_NUMBERS.match(text) or NAMED.match(text):
        return True
    if not line.after_blank:
        return False
    return (text.isupper() and sum(map(str.isalpha, text)) > 1) or (
        line.before_blank and ONE_NUMBER.match(text) is not None
    )


def starts_of_matches(pattern: re.Pattern[str], text: str) -> list[int]:
    """RETURNS (list[int]): Where each match begins, at its first character that is not a space."""
    return [match.end() - len(match[0].lstrip()) for match in pattern.finditer(text)]


def _by_lines(starts: Callable[[list[Line]], list[int]], text: str) -> list[int]:
    return starts(find_lines(text))


FINDERS: dict[Unit, Callable[[str], list[int]]] = {
    "lines": partial(_by_lines, starts_of_lines),
    "paragraphs": partial(_by_lines, starts_of_paragraphs),
    "headings": partial(_by_lines, starts_of_headings),
    "items": partial(_by_lines, starts_of_items),
}
"""Unit -> from a text to the places where its units begin."""
