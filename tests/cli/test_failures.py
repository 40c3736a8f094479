"""The one way in which commands fail: what, got, expected, remedy, and an exit status; never a traceback."""

import errno
import os
import re
from pathlib import Path

import pytest
import torch
import typer
from safetensors import SafetensorError
from typer.testing import CliRunner

from spacy_hat.cli import screen
from spacy_hat.cli.command import command
from spacy_hat.cli.commands import hat_cli
from spacy_hat.cli.failures import reason_for
from spacy_hat.machine.places import PlaceError


def full_disk():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "models/hat")


def full_disk_of_safetensors():
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


def deep():
    return deep()


def of(error):
    def fail():
        raise error

    return fail


FAMILIES = {
    "a value": (of(ValueError("n is 0. Choose 1.")), "n is 0. Choose 1."),
    "a full disk": (full_disk, "models/hat: No space left on device. Free some space there"),
    "a full disk, by safetensors": (full_disk_of_safetensors, "No space left on device. Free some space there"),
    "a long name": (
        lambda: Path("x" * 300).read_text(),
        "File name too long. Choose a shorter name: file systems take",
    ),
    "no file": (lambda: Path("absent").read_text(), "absent: No such file or directory. Check the path."),
    "other bytes": (lambda: b"caf\xe9".decode(), "not text in UTF-8 (unexpected end of data at byte 3). Save it as"),
    "half a character": (lambda: "\udcff".encode(), "'\\udcff', which is not a character. Expected: UTF-8"),
    "memory": (of(MemoryError()), "not enough memory for this. Expected: as much as sizes"),
    "memory of PyTorch": (lambda: torch.empty(2**50), "not enough memory for this: "),
    "sizes of PyTorch": (lambda: torch.empty(2**62, 2**62), "not enough memory for this: "),
    "depth": (deep, "nested too deeply, as JSON can be"),
    "a large number": (lambda: int(float("inf")), "A number is too large"),
    "a missing package": (
        of(ImportError("no sudachi", name="sudachipy.x")),
        "Install it: python -m pip install sudachipy",
    ),
    "what spaCy numbers": (
        of(KeyError("[E952] The section 'x' is not valid.")),
        "[E952] The section 'x' is not valid.",
    ),
    "a place": (of(PlaceError("models", "A folder is there.")), "Cannot write to models A folder is there."),
    "a bug": (lambda: {}["key"], "an error of spacy-hat itself, or of something that it uses (KeyError: 'key')"),
}


def run(function, *arguments):
    """RETURNS (tuple[int, str, str]): Exit status, stdout, and stderr in one line."""

    def work(name: str = "textcat") -> None:
        function()

    app = typer.Typer()
    app.command()(command("Cannot do {name}")(work))
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, " ".join(re.sub(r"\x1b\[[\d;]*m", "", result.stderr).split())


@pytest.mark.parametrize("family", FAMILIES)
def test_failure_is_a_few_lines_on_stderr_and_status_1(family):
    function, message = FAMILIES[family]
    status, out, err = run(function)
    assert status == 1
    assert message in err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize("family", ["a value", "a bug"])
def test_failure_shows_where_it_comes_from_with_debug(family):
    function, _ = FAMILIES[family]
    status, _, err = run(function, "--debug")
    assert status == 1
    assert "Traceback (most recent call last)" in err
    assert "test_failures.py" in err


def test_failure_begins_with_what_the_command_cannot_do():
    assert "Cannot do [/x] n is 0." in run(FAMILIES["a value"][0], "--name", "[/x]")[2]


def test_interruption_is_status_130():
    status, _, err = run(of(KeyboardInterrupt()))
    assert status == 130
    assert "Stopped" in err


def test_wrong_command_line_is_status_2():
    assert run(lambda: None, "--nonsense")[0] == 2


def test_status_of_a_command_that_ends_itself_is_kept():
    assert run(of(typer.Exit(7)))[0] == 7


@pytest.mark.parametrize("info", hat_cli.registered_commands, ids=lambda info: info.name)
def test_every_command_fails_in_this_way(info):
    assert "--debug" in CliRunner().invoke(hat_cli, [info.name, "--help"]).output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("bell\x07", "bell\\x07"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\udcff", "\\udcff"),
        ("[/bold] [red]", "[/bold] [red]"),
        ("two\nlines\tand é 中 👩‍⚖️", "two\nlines\tand é 中 👩‍⚖️"),
    ],
)
def test_screen_shows_what_would_steer_a_terminal(text, shown, capsys):
    assert screen.shown(text) == shown
    for write in (screen.line, screen.good, screen.info, screen.warn, screen.bad, screen.divider):
        write(text)
    screen.table([(text, 1)], ("label", "count"))
    screen.failure(text, text)
    with screen.status(text) as notify:
        notify(text)
    printed = "".join(capsys.readouterr())
    for letter in "\x1b[2J", "\x07", "\u202e", "\udcff":
        assert letter not in printed


def test_reason_of_an_error_says_to_report_it_once_its_place_is_shown():
    assert reason_for(KeyError("key"), debug=True) == "KeyError: 'key'. Please report it with what you see above."
