"""All that commands print: names, labels and texts are strangers' words, which must not steer the terminal."""

import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from wasabi import msg

if TYPE_CHECKING:
    from rich.progress import Progress

# Format characters among which some turn the direction of what follows, control characters, halves of characters.
_STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
WIDTH = 80
UNBROKEN: dict[str, Any] = {"break_on_hyphens": False, "break_long_words": False}  # paths are to be copied
_HARMLESS = "\n\t\u200c\u200d\u00ad"


def shown(text: object) -> str:
    """RETURNS (str): A text in which what steers a terminal, or cannot be printed, stands as its escape code."""
    string = str(text)
    if string.isascii() and string.isprintable():
        return string
    return "".join(
        ascii(letter)[1:-1] if unicodedata.category(letter) in _STEERING and letter not in _HARMLESS else letter
        for letter in string
    )


def good(text: object) -> None:
    msg.good(shown(text))


def info(text: object) -> None:
    msg.info(shown(text))


def warn(text: object) -> None:
    msg.warn(shown(text))


def bad(text: object) -> None:
    """Print a finding that speaks against something; the command goes on."""
    msg.fail(shown(text))


def line(text: object = "") -> None:
    """Print a line as it is."""
    print(shown(text))


def divider(text: object) -> None:
    msg.divider(shown(text))


def table(rows: Sequence[Sequence[object]], header: Sequence[object], *, aligns: Sequence[str] | None = None) -> None:
    """Print a table; no column is wider than 100 characters."""
    cells = [[shown(cell) for cell in row] for row in rows]
    msg.table(cells, header=[shown(cell) for cell in header], divider=True, max_col=100, aligns=aligns)


def failure(title: object, text: object = "") -> None:
    """Print to stderr what went wrong: stdout has results."""
    with redirect_stdout(sys.stderr):
        msg.fail(shown(title))
        for paragraph in shown(text).splitlines():
            indent = " " * (len(paragraph) - len(paragraph.lstrip()))
            print(textwrap.fill(paragraph, WIDTH, subsequent_indent=indent, **UNBROKEN))


def traceback(lines: Sequence[str]) -> None:
    """Print to stderr where an error comes from."""
    print(shown("".join(lines)).rstrip(), file=sys.stderr)


@contextmanager
def status(text: object) -> Iterator[Callable[[object], None]]:
    """Show on stderr what is being done, where somebody looks.

    text (object): The words.
    YIELDS (Callable[[object], None]): Shows other words.
    """
    from rich.console import Console
    from rich.text import Text  # whose words are not markup: `[/x]` is a name

    with Console(stderr=True).status(Text(shown(text))) as spinner:
        yield lambda words: spinner.update(Text(shown(words)))


@contextmanager
def progress() -> Iterator["Progress"]:
    """YIELDS (Progress): Bars on stderr, where somebody looks."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        yield bars


@contextmanager
def results_alone(alone: bool) -> Iterator[None]:
    """Print to stderr if stdout is for a result alone.

    alone (bool): Whether it is.
    """
    if not alone:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield
