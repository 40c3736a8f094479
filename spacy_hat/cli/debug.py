"""`python -m spacy hat debug`: what a training run would read, before it is begun."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from spacy.cli._util import import_code, parse_config_overrides, setup_gpu

from . import screen
from .command import command
from .debug_tables import print_report
from .failures import reason_for

if TYPE_CHECKING:
    from ..training.report import TrainingReport

SOURCE_HELP = "Config to train with (or - for stdin); or a corpus: a .spacy file, or a folder of them"
HAT_HELP = "For a corpus: folder or hub name of the HAT that will read it (for a config: --paths.hat)"
CODE_HELP = "Python file with registered functions that the config names"
BATCH_HELP = "Do not train on one batch, which takes the time of initializing the pipeline and of two steps"
EXTRA = {"allow_extra_args": True, "ignore_unknown_options": True}


@command("Cannot look at {source}")
def debug_cli(
    ctx: typer.Context,  # the overrides of the config
    source: Annotated[Path, typer.Argument(help=SOURCE_HELP, allow_dash=True)],
    hat: Annotated[str | None, typer.Option(help=HAT_HELP)] = None,
    lang: Annotated[str, typer.Option("--lang", "-l", help="For a corpus: code of its language")] = "en",
    limit: Annotated[
        int, typer.Option(min=0, help="Most documents of each corpus, drawn from all of it; 0 for all")
    ] = 0,
    no_batch: Annotated[bool, typer.Option("--no-batch", help=BATCH_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, and nothing else")] = False,
    code: Annotated[Path | None, typer.Option("--code", "-c", help=CODE_HELP)] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU ID, or -1 for CPU")] = -1,
) -> None:
    """
    Look at a config and its corpora before training: how long documents are in pieces and segments, whether anything
    is cut, which sentences and labels there are, and how long and how much memory one real batch takes.

    Ends with status 1 if something would waste a training run, and lists it; with 0 otherwise. Settings can be
    overridden as in `spacy train`.

    Example: python -m spacy hat debug my.cfg --paths.train train.spacy --paths.dev dev.spacy --paths.hat models/hat

    Example: python -m spacy hat debug train.spacy --hat models/hat
    """
    try:
        # What is warned of meanwhile stands in the report.
        with screen.status("Starting") as notify, warnings.catch_warnings(action="ignore"):
            setup_gpu(gpu_id, silent=True)
            import_code(code)
            if source.is_dir() or source.suffix == ".spacy":
                check_use(source, ctx.args, f"A corpus has no settings. Got: {' '.join(ctx.args)}")
                check_use(source, hat is None, "A corpus is counted with the tokenizer of a HAT. Name it: --hat")
                report = look_at_corpus(source, str(hat), lang, limit, notify)
            else:
                check_use(source, hat, f"A config names its encoder itself. Name another by --paths.hat {hat}")
                overrides = parse_config_overrides(ctx.args)
                report = look_at_config(source, overrides, gpu_id, limit, not no_batch, notify)
    except (ValueError, OSError) as error:
        from ..training.report import TrainingReport

        report = TrainingReport()
        report.findings.problem("cannot be looked at", reason_for(error))
    if as_json:
        print(json.dumps(report.to_dict(), indent=2))
    else:
        print_report(report)
    raise typer.Exit(1 if report.findings.problems else 0)


def look_at_corpus(path: Path, hat: str, lang: str, limit: int, notify: Callable[[str], None]) -> "TrainingReport":
    """RETURNS (TrainingReport): The report on a corpus."""
    from ..training.debug import debug_corpus

    if not path.exists():
        raise ValueError(f"There is no corpus at {path}. Expected a .spacy file, or a folder of them.")
    return debug_corpus(path, hat=hat, lang=lang, limit=limit, notify=notify)


def look_at_config(
    path: Path, overrides: dict[str, Any], gpu_id: int, limit: int, with_batch: bool, notify: Callable[[str], None]
) -> "TrainingReport":
    """RETURNS (TrainingReport): The report on a config."""
    from spacy.util import load_config

    from ..training.debug import debug_training

    if str(path) != "-" and not path.is_file():
        raise ValueError(f"There is no config at {path}. To make one: python -m spacy hat init-config {path} --task …")
    config = load_config(path, overrides=overrides, interpolate=False)
    return debug_training(config, use_gpu=gpu_id, limit=limit, with_batch=with_batch, notify=notify)


def check_use(source: Path, is_wrong: object, remedy: str) -> None:
    """RAISES (ValueError): If arguments and options do not go together."""
    if is_wrong:
        raise ValueError(f"Cannot look at {source} like this. {remedy}.")
