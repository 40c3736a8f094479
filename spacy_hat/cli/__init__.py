"""`python -m spacy hat …`. spaCy imports this for every command of its own: it imports nothing heavy, and never fails.

Where the commands cannot be built, which hangs on the versions of typer and click, `hat` says so, and all else works.
"""

from typing import Any

from spacy.cli._util import app

hat_cli: Any

try:
    from typer.main import get_command

    from .commands import hat_cli as commands

    get_command(commands)  # of which spaCy makes commands later, where an error would end every one of its own
    app.add_typer(commands)
    hat_cli = commands
except Exception as error:  # of typer's or click's, of any kind
    from .unavailable import stand_in

    hat_cli = stand_in(app, error)

__all__ = ["app", "hat_cli"]
