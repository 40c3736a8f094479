"""`python -m spacy hat …`. spaCy imports this for every command of its own, so it imports nothing heavy."""

import typer
from spacy.cli._util import app

from .explain import explain_cli
from .warm_start import warm_start_cli

hat_cli = typer.Typer(name="hat", help="Hierarchical Attention Transformers for long documents", no_args_is_help=True)
hat_cli.command("warm-start", no_args_is_help=True)(warm_start_cli)
hat_cli.command("explain", no_args_is_help=True)(explain_cli)
# typer runs an app with a single command without its name; a callback keeps `warm-start` in the command line.
hat_cli.callback()(lambda: None)
app.add_typer(hat_cli)
