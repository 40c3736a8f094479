"""What every benchmark leaves behind: one JSON file with the figures, the command and the machine."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from spacy_hat.machine.atomic_output import new_file
from spacy_hat.machine.processor import describe_machine

Quick = Annotated[bool, typer.Option("--quick", help="Tiny sizes and few runs, to see that it works")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the figures there")]
Repeats = Annotated[int, typer.Option(min=1, help="Timed runs of each, in turns")]


def command_line(ctx: typer.Context, script: str) -> str:
    """RETURNS (str): The command as it was given, but for places: of its results, and of what it was given to read."""
    words = [f"python -m benchmarks.{script.removesuffix('.py')}"]
    for parameter in ctx.command.params:
        name = str(parameter.name)
        # By name: typer may bring a click of its own, whose enumeration is another.
        source = ctx.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE" or name == "out":
            continue
        value = ctx.params[name]
        if name == "resume" or (parameter.param_type_name == "option" and isinstance(value, Path)):
            continue
        flag = [] if parameter.param_type_name == "argument" else [parameter.opts[0]]
        values = value if isinstance(value, (list, tuple)) else [value]
        words += flag if value is True else [word for each in values for word in (*flag, shlex.quote(str(each)))]
    return " ".join(words)


def write_results(out: Path | None, command: str, figures: dict[str, Any]) -> None:
    """Write the figures of a benchmark, if they are wanted.

    out (Path | None): Where to.
    command (str): What made them.
    figures (dict[str, Any]): Under the names that tools/performance.py reads.
    """
    if out is None:
        return
    results = {"command": command, "machine": describe_machine(), **figures}
    with new_file(out) as file:
        file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")
