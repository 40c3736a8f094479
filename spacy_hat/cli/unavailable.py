"""What `python -m spacy hat` is where its commands cannot be built: one that says what is installed, and needed."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer
from wasabi import msg

NEEDED = "typer>=0.19"
# Everything behind `hat` belongs to it, `--help` as well.
ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def stand_in(app: Any, error: Exception) -> Callable[..., None]:
    """Give spaCy a command `hat` that says why there is none.

    app (typer.Typer): spaCy's commands.
    error (Exception): Why they cannot be built.
    RETURNS (Callable): The command.
    """
    installed = ", ".join(f"{name} {_version(name)}" for name in ("typer", "click"))
    reason = " ".join(str(error).split()) or type(error).__name__
    text = (
        f"Got: {installed} ({reason}). Expected: {NEEDED}. Pipelines load and train as they are, and all "
        f'other commands of spaCy work. For these: python -m pip install "{NEEDED}" (spacy-huggingface-hub asks for an '
        "older one: keep it in another environment)."
    )

    def hat(ctx: typer.Context) -> None:  # noqa: ARG001
        """Not available: run it to see what is missing."""
        msg.fail("The commands of spacy-hat cannot run with this typer", text)
        raise typer.Exit(1)

    app.command("hat", context_settings=ANYTHING)(hat)
    return hat


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
