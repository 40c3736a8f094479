"""`python -m spacy hat init-config`: a commented config for one's own data."""

from pathlib import Path
from typing import Annotated

import typer

from ..choices import Optimize
from ..machine.atomic_output import new_file
from ..machine.kinds import CONFIG
from ..machine.places import check_place
from ..machine.streams import is_stdout
from . import screen
from .command import command

OUTPUT_HELP = "File for the config, or - for stdout (which then has the config only)"
TASK_HELP = """\
What to learn: textcat (one label for each document), textcat_multilabel (any number), spancat_singlelabel (at most one
label for each sentence), spancat (any number), ner, tagger, morphologizer, trainable_lemmatizer. Several at once, on
one encoder: -t textcat,ner or -t textcat -t ner"""
OPTIMIZE_HELP = """\
speed: embeddings and first block stay as they are, as in this project's own configs. accuracy: everything is trained,
for twice as long"""
BALANCED_HELP = """\
Documents with rare labels come more often [default: for textcat, if the most frequent label of --train has more than
twice as many documents as the rarest]"""
UNITS_HELP = """\
What a sentence is, hence a segment, and what spancat labels: sentences (by punctuation), lines, paragraphs, headings
(and what is between them), items (of lists), pattern, or given (those of the annotation). Sentences within others:
--units sentences,paragraphs [default: sentences]"""
TRAIN_HELP = "Training corpus (.spacy), which also tells how many steps to train; else --paths.train in training"


@command("Cannot write a config")
def init_config_cli(
    output_file: Annotated[Path, typer.Argument(help=OUTPUT_HELP, allow_dash=True)],
    task: Annotated[list[str], typer.Option("--task", "-t", help=TASK_HELP)],
    hat: Annotated[str | None, typer.Option(help="Folder or hub name of a HAT; else --paths.hat in training")] = None,
    train: Annotated[Path | None, typer.Option(help=TRAIN_HELP)] = None,
    dev: Annotated[Path | None, typer.Option(help="Development corpus (.spacy); else --paths.dev in training")] = None,
    lang: Annotated[str, typer.Option("--lang", "-l", help="Code of the language")] = "en",
    optimize: Annotated[Optimize, typer.Option("--optimize", "-o", help=OPTIMIZE_HELP)] = "speed",
    gpu: Annotated[
        bool, typer.Option("--gpu", "-G", help="For a GPU: larger batches in prediction, dropout on attention weights")
    ] = False,
    balanced: Annotated[bool | None, typer.Option("--balanced/--unbalanced", help=BALANCED_HELP)] = None,
    units: Annotated[list[str] | None, typer.Option("--units", help=UNITS_HELP)] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Regular expression that begins a unit, for --units pattern; ^ begins a line")
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a file that is there")] = False,
) -> None:
    """
    Write a config that trains as it is, with a comment on everything that you may want to change.

    Example: python -m spacy hat init-config my.cfg --task textcat --hat models/hat --train train.spacy --dev dev.spacy

    Then look before you train: python -m spacy hat debug my.cfg
    """
    check_place(output_file, CONFIG, force=force)
    with screen.status("Reading spaCy's languages and the corpus"):
        from ..training.balance import unequal_labels
        from ..training.config import training_config
        from ..training.paths import check_corpus

        check_corpus(train)
        check_corpus(dev)
        unequal = unequal_labels(_listed(task), train) if balanced is None else {}
        config = training_config(
            _listed(task),
            units=_listed(units or ["sentences"]),
            pattern=pattern,
            hat=hat,
            train=None if train is None else str(train),
            dev=None if dev is None else str(dev),
            lang=lang,
            optimize=optimize,
            gpu=gpu,
            balanced=balanced or bool(unequal),
            file="config.cfg" if is_stdout(output_file) else output_file.as_posix(),
        )
    with new_file(output_file) as made:
        made.write_text(config, encoding="utf8")
    if is_stdout(output_file):
        return
    screen.good(f"Saved the config to {output_file}")
    if unequal:
        sizes = " and ".join(f"{label!r} {count:,}" for label, count in unequal.items())
        screen.line(f"Labels are of unequal size ({sizes} documents): rare ones come more often. Else: --unbalanced")
    missing = [name for name, value in (("train", train), ("dev", dev), ("hat", hat)) if value is None]
    given = "".join(f" --paths.{name} …" for name in missing)
    screen.line("Before training, look at what it will read:")
    screen.line(f"  python -m spacy hat debug {output_file}{given}")
    screen.line(f"  python -m spacy train {output_file} --output training{given}")


def _listed(values: list[str]) -> list[str]:
    """RETURNS (list[str]): The names in an option that is given several times, or takes several with commas."""
    return [name.strip() for names in values for name in names.split(",") if name.strip()]
