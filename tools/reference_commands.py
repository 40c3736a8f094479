"""docs/commands.md: every command of `python -m spacy hat`, with what its `--help` says.

Read from the signatures that typer makes the help of: how it holds parameters inside changes from version to version.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tools.markdown_table import escape, markdown_table

INTRODUCTION = """\
# Commands

Written by `python -m tools.write_reference` from what `--help` shows; a test holds the page to it. All commands end
with exit code 0 if they did what was asked, 1 if something speaks against it, and 2 if the command line is wrong.
Results are written beside their place and renamed when complete, so a command that is stopped leaves nothing half done.

"""


def commands_page() -> str:
    """RETURNS (str): The page, in Markdown."""
    commands = hat_commands()
    overview = [(f"[`{name}`](#{name})", escape(_help(command)[0])) for name, command in commands.items()]
    sections = "".join(_section(name, command) for name, command in commands.items())
    return f"{INTRODUCTION}{markdown_table(('command', 'what it does'), overview)}\n{sections}"


@dataclass(frozen=True)
class Parameter:
    """An argument or an option of a command.

    names (tuple[str, ...]): How it is written: `OUTPUT`, or `--force` and `-F`.
    is_argument (bool): Whether it is told by its place.
    help (str): What typer shows.
    choices (tuple[str, ...]): The values that it takes; empty if there are too many to list.
    several (bool): Whether it can be given more than once.
    default (Any): Its default; `inspect.Parameter.empty` where it must be given.
    """

    names: tuple[str, ...]
    is_argument: bool
    help: str
    choices: tuple[str, ...]
    several: bool
    default: Any

    @property
    def is_required(self) -> bool:
        """RETURNS (bool): Whether it must be given."""
        return self.default is inspect.Parameter.empty


def hat_commands() -> dict[str, Callable]:
    """RETURNS (dict[str, Callable]): Name -> function, in the order of `spacy hat --help`."""
    from spacy_hat.cli.commands import hat_cli

    return {str(info.name): info.callback for info in hat_cli.registered_commands if info.callback and not info.hidden}


def parameters_of(command: Callable) -> list[Parameter]:
    """RETURNS (list[Parameter]): What a command takes."""
    hints = get_type_hints(command, include_extras=True)
    signature = inspect.signature(command).parameters.values()
    return [
        _parameter(p.name, hints[p.name], p.default)
        for p in signature
        if get_args(hints[p.name]) and not getattr(get_args(hints[p.name])[1], "hidden", False)
    ]


def _parameter(name: str, hint: Any, default: Any) -> Parameter:
    """From `name: Annotated[type, typer.Option(…)] = default`."""
    annotated, info = get_args(hint)[:2]
    is_argument = type(info).__name__ == "ArgumentInfo"
    words = name.replace("_", "-")
    # In Annotated, what Option calls its default is the first name.
    declared = tuple(text for text in (info.default, *(info.param_decls or ())) if isinstance(text, str))
    if is_argument:
        names: tuple[str, ...] = (name.upper(),)
    elif annotated is bool:
        names = declared or (f"--{words}", f"--no-{words}")
    else:
        names = declared or (f"--{words}",)
    kinds = [annotated, *get_args(annotated)]
    choices = next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())
    several = get_origin(annotated) is list or any(get_origin(kind) is list for kind in get_args(annotated))
    return Parameter(names, is_argument, " ".join((info.help or "").split()), choices, several, default)


def _section(name: str, command: Callable) -> str:
    """A heading, the help, the way to call it, and the tables of arguments and options."""
    parameters = parameters_of(command)
    arguments = [parameter for parameter in parameters if parameter.is_argument]
    options = [parameter for parameter in parameters if not parameter.is_argument]
    needed = [f"{option.names[0]} …" for option in options if option.is_required]
    usage = " ".join(["python -m spacy hat", name, *map(_metavar, arguments), *needed, "[OPTIONS]"])
    lines = [f"## {name} {{ #{name} }}", *map(_paragraph, _help(command)), f"```text\n{usage}\n```"]
    for title, several in (("argument", arguments), ("option", options)):
        if several:
            lines.append(markdown_table((title, "meaning"), [(_names(p), " ".join(_meaning(p))) for p in several]))
    return "".join(f"\n{line}\n" for line in lines)


def _help(command: Callable) -> list[str]:
    """Paragraphs of the help, one line each."""
    text = (inspect.getdoc(command) or "").partition("\f")[0]
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]


def _paragraph(text: str) -> str:
    """Show an example as code."""
    words, colon, example = text.partition(": python -m ")
    return f"{escape(words)}:\n\n```bash\npython -m {example}\n```" if colon else escape(text)


def _metavar(argument: Parameter) -> str:
    name = argument.names[0] + "..." * argument.several
    return name if argument.is_required else f"[{name}]"


def _names(parameter: Parameter) -> str:
    return ", ".join(f"`{name}`" for name in parameter.names)


def _meaning(parameter: Parameter) -> Iterator[str]:
    """What the help says, the values that it takes, and what it is if not given."""
    text = escape(parameter.help)
    yield text if text.endswith((".", "!", "?")) or not text else f"{text}."
    if parameter.choices:
        yield f"One of {', '.join(f'`{choice}`' for choice in parameter.choices)}."
    if parameter.several:
        yield "Can be given several times."
    if parameter.is_required and not parameter.is_argument:
        yield "Required."
    default = parameter.default
    if not parameter.is_required and not isinstance(default, bool) and default not in (None, "", []):
        yield f"Default: `{default}`."
