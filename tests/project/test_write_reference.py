"""The reference pages are what docstrings and help texts say now; and how docstrings in spaCy's form are read."""

import inspect
import re
from typing import Annotated, Literal

import pytest
import typer

import spacy_hat.modeling
from tools.docstring_fields import Field, read_docstring
from tools.markdown_table import cell, escape, markdown_table
from tools.reference_api import _entry, api_page, registered_names
from tools.reference_commands import commands_page, hat_commands, parameters_of
from tools.write_reference import PAGES, ROOT


@pytest.mark.parametrize("name", PAGES)
def test_reference_page_is_what_the_script_writes_now(name):
    assert (ROOT / name).read_text(encoding="utf8") == PAGES[name](), "Run: python -m tools.write_reference"


def test_reference_has_every_registered_and_every_public_name():
    names = [name for group, of_group in registered_names().items() if group != "spacy_cli" for name in of_group]
    titles = re.findall(r"^### (\S+) ", api_page(), flags=re.MULTILINE)
    assert set(titles) >= {*names, *spacy_hat.modeling.__all__}
    assert len(set(titles)) == len(titles)


def test_reference_has_a_meaning_for_every_parameter_of_what_configs_can_name():
    page = api_page()
    for group, names in registered_names().items():
        for name, target in names.items() if group != "spacy_cli" else ():
            section = page.partition(f"\n### {name} ")[2].partition("\n### ")[0]
            module, _, function = target.partition(":")
            parameters = inspect.signature(getattr(__import__(module, fromlist=[function]), function)).parameters
            missing = [parameter for parameter in parameters if f"| `{parameter}` |" not in section]
            assert not missing or "The other parameters are those of" in section


def test_reference_has_every_command_and_every_option():
    page = commands_page()
    for name, command in hat_commands().items():
        section = page.partition(f"\n## {name} ")[2].partition("\n## ")[0]
        for parameter in parameters_of(command):
            assert all(f"`{written}`" in section for written in parameter.names)
            assert parameter.help


DOCSTRING = """Do it.

    At length,
    in two lines.

    name (dict[str, Any] | None): What it
        is called.
    **hub: Options.
    The others are those of `f`.
    RETURNS (tuple[int, str]): (n_docs, 2) what comes.
    RAISES (ValueError): If not.
    """


def test_docstring_prose_and_fields_are_told_apart():
    read = read_docstring(inspect.cleandoc(DOCSTRING))
    assert read.paragraphs == ("Do it.", "At length, in two lines.")
    assert read.fields == (
        Field("name", "dict[str, Any] | None", "What it is called."),
        Field("**hub", None, "Options."),
        Field("RETURNS", "tuple[int, str]", "(n_docs, 2) what comes."),
        Field("RAISES", "ValueError", "If not."),
    )
    assert read.remarks == ("The others are those of `f`.",)
    assert [field.is_outcome for field in read.fields] == [False, False, True, True]


def test_docstring_outcomes_in_one_line_are_two():
    read = read_docstring("RETURNS (int): A number. RAISES (ValueError): If there is none.")
    assert [field.name for field in read.fields] == ["RETURNS", "RAISES"]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a * b", r"a \* b"),
        ("`a * b` * c", r"`a * b` \* c"),
        ("__init__ and a_b", r"\__init\__ and a_b"),
        ("<b>", r"\<b>"),
    ],
)
def test_prose_is_read_letter_by_letter_outside_code(text, escaped):
    assert escape(text) == escaped


def test_entry_lists_choices_and_defaults():
    def build(kind: Literal["S|D", "S"] = "S", width: int = 3):
        """Build it.

        kind (Literal): Which.
        width (int): How wide.
        """

    entry = _entry(3, "x.Build.v1", build)
    assert "### x.Build.v1 { #x-build-v1 }" in entry
    assert "| `kind` | Which. <br><code>Literal['S&#124;D', 'S']</code>, default `'S'` |" in entry
    assert "| `width` | How wide. <br>`int`, default `3` |" in entry


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("one | two", r"one \| two"),
        ("`one` or `S|D` and `two`", "`one` or <code>S&#124;D</code> and `two`"),
        ("`a<b|c`", "<code>a&lt;b&#124;c</code>"),
    ],
)
def test_bars_stay_inside_their_cell(text, kept):
    assert cell(text) == kept
    assert markdown_table(("a", "b"), [(text, "")]).splitlines() == ["| a | b |", "| --- | --- |", f"| {kept} |  |"]


def command(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="From")],
    task: Annotated[list[str], typer.Option("--task", "-t", help="What")],
    target: Annotated[str | None, typer.Argument(help="To")] = None,
    kind: Annotated[Literal["one", "two"], typer.Option(help="Which")] = "one",
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace")] = False,
    own_words: Annotated[bool, typer.Option(help="Or not")] = True,
) -> None:
    """Do it."""


def test_command_parameters_are_those_of_its_help():
    found = {parameter.names: parameter for parameter in parameters_of(command)}
    assert list(found) == [
        ("SOURCE",),
        ("--task", "-t"),
        ("TARGET",),
        ("--kind",),
        ("--force", "-F"),
        ("--own-words", "--no-own-words"),
    ]
    assert [parameter.is_required for parameter in found.values()] == [True, True, False, False, False, False]
    assert [parameter.is_argument for parameter in found.values()] == [True, False, True, False, False, False]
    assert [parameter.several for parameter in found.values()] == [False, True, False, False, False, False]
    assert found["--kind",].choices == ("one", "two")

    # The oracle is typer's own help.
    app = typer.Typer(rich_markup_mode=None)
    app.command()(command)
    from typer.testing import CliRunner

    shown = CliRunner().invoke(app, ["--help"]).output
    assert all(name in shown for names in found for name in names if name.startswith("-"))
