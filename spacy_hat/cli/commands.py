"""The commands of `python -m spacy hat`, by name."""

import typer

from .annotate import annotate_cli
from .annotate_ray import AnnotateCommand
from .benchmark import benchmark_cli
from .calibrate import calibrate_cli
from .card import card_cli
from .convert import convert_cli
from .debug import EXTRA, debug_cli
from .explain import explain_cli
from .export_checkpoint import export_cli
from .fill_mask import fill_mask_cli
from .from_scratch import from_scratch_cli
from .import_checkpoint import import_cli
from .init_config import init_config_cli
from .pretrain import pretrain_cli
from .push import push_cli
from .sample import sample_cli
from .warm_start import warm_start_cli

hat_cli = typer.Typer(name="hat", help="Hierarchical Attention Transformers for long documents", no_args_is_help=True)
hat_cli.command("warm-start", no_args_is_help=True)(warm_start_cli)
hat_cli.command("from-scratch", no_args_is_help=True)(from_scratch_cli)
hat_cli.command("pretrain", no_args_is_help=True)(pretrain_cli)
hat_cli.command("sample", no_args_is_help=True)(sample_cli)
hat_cli.command("convert", no_args_is_help=True)(convert_cli)
hat_cli.command("init-config", no_args_is_help=True)(init_config_cli)
hat_cli.command("debug", no_args_is_help=True, context_settings=EXTRA)(debug_cli)
hat_cli.command("calibrate", no_args_is_help=True)(calibrate_cli)
hat_cli.command("annotate", cls=AnnotateCommand, no_args_is_help=True)(annotate_cli)
hat_cli.command("explain", no_args_is_help=True)(explain_cli)
hat_cli.command("fill-mask", no_args_is_help=True)(fill_mask_cli)
hat_cli.command("benchmark", no_args_is_help=True)(benchmark_cli)
hat_cli.command("import", no_args_is_help=True)(import_cli)
hat_cli.command("export", no_args_is_help=True)(export_cli)
hat_cli.command("card", no_args_is_help=True)(card_cli)
hat_cli.command("push", no_args_is_help=True)(push_cli)
# typer runs an app with a single command without its name; a callback keeps the name of one in the command line.
hat_cli.callback()(lambda: None)
