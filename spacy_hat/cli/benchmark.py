"""`python -m spacy hat benchmark`: how fast a pipeline reads documents, and what its time goes to."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from ..machine.atomic_output import new_file

TEXTS_HELP = "Documents in a form that `spacy hat convert` reads (.jsonl, .csv, .spacy, …), a text, or a folder of them"


def benchmark_cli(
    model: Annotated[str, typer.Argument(help="Folder or package name of a pipeline with a HAT encoder")],
    texts: Annotated[Path, typer.Argument(help=TEXTS_HELP)],
    passes: Annotated[
        int, typer.Option(min=1, help="Passes over the documents; the one with the median time counts")
    ] = 5,
    limit: Annotated[int | None, typer.Option(min=1, help="Read only so many documents")] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", "-b", min=1, help="Documents that components take at once")
    ] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU, or -1 for the CPU")] = -1,
    code: Annotated[Path | None, typer.Option("--code", "-c", help="Python file to import first")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there")] = None,
) -> None:
    """
    Measure a pipeline on your own documents: words and pieces a second, the padding that is never computed, the share
    of the time outside the encoder, and peak memory.

    Words are spaCy tokens, as in `spacy benchmark speed`. Texts are read whole and annotated anew, by `nlp.pipe` in one
    process. Compare only figures of one machine that does nothing else meanwhile; the spread of the passes shows it.

    Example: python -m spacy hat benchmark training/textcat/model-best corpus/speeches/dev.spacy --limit 20
    """
    if out is not None and out.is_dir():
        msg.fail(f"Cannot write to {out}", "It is a folder, expected a file or nothing. Choose another place.", exits=1)
    from rich.console import Console
    from rich.progress import Progress
    from spacy.cli._util import import_code, setup_gpu
    from spacy.util import load_model

    from ..corpora.texts import read_texts
    from ..machine.processor import describe_machine
    from ..profiling.speed import measure_speed

    console = Console(stderr=True)
    try:
        import_code(code)
        setup_gpu(gpu_id, silent=True)
        with console.status(f"Loading {model}"):
            nlp = load_model(model)
            documents = read_texts(texts, limit)
        # The user's own documents, whole: the limit is there to protect parsers.
        nlp.max_length = max(nlp.max_length, max(map(len, documents)) + 1)
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("Reading documents", total=passes * len(documents))
            speed = measure_speed(
                nlp, documents, passes=passes, batch_size=batch_size, on_doc=lambda: progress.advance(task)
            )
    except (ValueError, OSError) as error:
        msg.fail(f"Cannot measure {model}", str(error), exits=1)
    figures = {"model": str(model), "machine": describe_machine(), **speed.to_dict()}
    print_figures(figures)
    if out is not None:
        try:
            with new_file(out) as file:
                file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
        except OSError as error:
            msg.fail(f"Cannot write to {out}", str(error), exits=1)


def print_figures(figures: dict[str, Any]) -> None:
    """Print the figures of `Speed.to_dict` as tables."""
    from rich.console import Console
    from rich.table import Table

    from ..profiling.profile import STAGES

    console = Console()
    table = Table("what", "how much", show_header=False)
    passes = figures["seconds_of_each_pass"]
    table.add_row("documents", f"{figures['docs']:,} of {figures['words']:,} words, {figures['pieces']:,} pieces")
    table.add_row("seconds a pass", f"{figures['seconds']:.2f} ({min(passes):.2f} to {max(passes):.2f})")
    for name in ("docs", "words", "pieces"):
        table.add_row(f"{name} a second", f"{figures[f'{name}_per_second']:,.1f}")
    table.add_row("padding avoided, of full segments", f"{figures['padding_avoided']:.1%}")
    table.add_row("padding avoided, of longest segments", f"{figures['padding_avoided_to_longest']:.1%}")
    table.add_row("outside the encoder", f"{figures['share_outside_encoder']:.1%}")
    for name, what in (("loaded_mb", "memory before"), ("peak_mb", "peak memory"), ("gpu_peak_mb", "peak on the GPU")):
        if figures[name] is not None:
            table.add_row(what, f"{figures[name]:,.0f} MB")
    console.print(table)
    stages = Table("stage", "share", "what it is")
    for stage, share in figures["shares"].items():
        stages.add_row(stage, f"{share:.1%}", STAGES[stage])
    console.print(stages)
