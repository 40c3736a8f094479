"""The one way in which commands fail: a few lines and an exit status, for files, disks and options alike."""

import functools
import inspect
from collections.abc import Callable
from traceback import format_exception
from typing import Annotated, Any, TypeVar

import click
import typer

from ..machine.places import PlaceError
from . import screen
from .failures import reason_for

Function = TypeVar("Function", bound=Callable[..., None])
DEBUG_HELP = "Show where an error comes from"
STOPPED = 130
"""Exit status of a command that was interrupted, as shells have it."""


def command(title: str, *, status: int = 1) -> Callable[[Function], Function]:
    """Give a command `--debug`, and lines in place of errors.

    title (str): What its errors begin with, such as "Cannot export {pipeline}"; parameters in braces.
    status (int): Its exit status then.
    RETURNS (Callable): The decorator.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def run(*arguments: Any, debug: bool = False, **options: Any) -> None:
            try:
                function(*arguments, **options)
            except (typer.Exit, typer.Abort, click.exceptions.Exit, click.Abort):
                raise
            except click.ClickException as error:  # of spaCy's, for settings that are not overrides
                screen.failure(title.format_map(options), error.format_message())
                raise typer.Exit(error.exit_code) from None
            except KeyboardInterrupt:
                screen.failure("Stopped", "Nothing is left half done.")
                raise typer.Exit(STOPPED) from None
            except BrokenPipeError:  # whoever read the output has seen enough: click ends in silence
                raise
            except Exception as error:
                if debug:
                    screen.traceback(format_exception(error))
                screen.failure(_title(title, error, options), reason_for(error, debug=debug))
                raise typer.Exit(status) from None

        option = Annotated[bool, typer.Option("--debug", help=DEBUG_HELP)]
        signature = inspect.signature(function)
        extra = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
        run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), extra])  # type: ignore[attr-defined]
        run.__annotations__ = {**function.__annotations__, "debug": option}
        return run  # type: ignore[return-value]

    return decorate


def _title(title: str, error: Exception, options: dict[str, Any]) -> str:
    return f"Cannot write to {error.place}" if isinstance(error, PlaceError) else title.format_map(options)
