"""`python -m spacy hat benchmark`: how fast a pipeline reads documents, and what its time goes to."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ..machine.atomic_output import new_file
from ..machine.kinds import FIGURES_FILE
from ..machine.places import check_place
from ..machine.streams import is_stdout
from . import screen
from .command import command

TEXTS_HELP = "Documents in a form that `spacy hat convert` reads (.jsonl, .csv, .spacy, …), a text, or a folder of them"
JSON_HELP = "Write the figures there; - for stdout"


@command("Cannot measure {model}")
def benchmark_cli(
    model: Annotated[str, typer.Argument(help="Folder or package name of a pipeline with a HAT encoder")],
    texts: Annotated[Path, typer.Argument(help=TEXTS_HELP)],
    passes: Annotated[
        int, typer.Option(min=1, help="Passes over the documents; the one with the median time counts")
    ] = 5,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most this many documents")] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", "-b", min=1, help="Documents that components take at once")
    ] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU, or -1 for the CPU")] = -1,
    code: Annotated[Path | None, typer.Option("--code", "-c", help="Python file to import first")] = None,
    out: Annotated[Path | None, typer.Option("--json", help=JSON_HELP, allow_dash=True)] = None,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace figures that are there")] = False,
) -> None:
    """
    Measure a pipeline on your own documents: words and pieces a second, the padding that is never computed, the share
    of the time outside the encoder, and peak memory.

    Words are spaCy tokens, as in `spacy benchmark speed`. Texts are read whole and annotated anew, by `nlp.pipe` in one
    process. Compare only figures of one machine that does nothing else meanwhile; the spread of the passes shows it.

    Example: python -m spacy hat benchmark training/textcat/model-best corpus/speeches/dev.spacy --limit 20
    """
    if out is not None:
        check_place(out, FIGURES_FILE, force=force, sources=[texts, model])
    from spacy.cli._util import import_code, setup_gpu

    from ..corpora.texts import read_texts
    from ..machine.processor import describe_machine
    from ..pipeline.loading import load_pipeline
    from ..profiling.speed import measure_speed

    import_code(code)
    setup_gpu(gpu_id, silent=True)
    with screen.status(f"Loading {model}"):
        nlp = load_pipeline(model)
        documents = read_texts(texts, limit)
    # The user's own documents, whole: the limit is there to protect parsers.
    nlp.max_length = max(nlp.max_length, max(map(len, documents)) + 1)
    with screen.progress() as bars:
        bar = bars.add_task("Reading documents", total=passes * len(documents))
        speed = measure_speed(nlp, documents, passes=passes, batch_size=batch_size, on_doc=lambda: bars.advance(bar))
    figures = {"model": model, "machine": describe_machine(), **speed.to_dict()}
    with screen.results_alone(is_stdout(out)):
        print_figures(figures)
    if out is not None:
        with new_file(out) as file:
            file.write_text(json.dumps(figures, indent=2, allow_nan=False) + "\n", encoding="utf8")


def print_figures(figures: dict[str, Any]) -> None:
    """Print the figures of `Speed.to_dict` as tables."""
    from ..profiling.profile import STAGES

    passes = figures["seconds_of_each_pass"]
    rows = [
        ("documents", f"{figures['docs']:,} of {figures['words']:,} words, {figures['pieces']:,} pieces"),
        ("seconds a pass", f"{figures['seconds']:.2f} ({min(passes):.2f} to {max(passes):.2f})"),
        *((f"{name} a second", f"{figures[f'{name}_per_second']:,.1f}") for name in ("docs", "words", "pieces")),
        ("padding avoided, of full segments", f"{figures['padding_avoided']:.1%}"),
        ("padding avoided, of longest segments", f"{figures['padding_avoided_to_longest']:.1%}"),
        ("outside the encoder", f"{figures['share_outside_encoder']:.1%}"),
    ]
    for name, what in (("loaded_mb", "memory before"), ("peak_mb", "peak memory"), ("gpu_peak_mb", "peak on the GPU")):
        if figures[name] is not None:
            rows.append((what, f"{figures[name]:,.0f} MB"))
    screen.table(rows, header=("what", "how much"))
    stages = [(stage, f"{share:.1%}", STAGES[stage]) for stage, share in figures["shares"].items()]
    screen.table(stages, header=("stage", "share", "what it is"))
