"""`python -m spacy hat explain`: which sentences of a text made a pipeline decide as it did."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..choices import Method
from ..machine.atomic_output import new_file
from ..machine.kinds import PAGE, SCORES_FILE
from ..machine.places import check_place
from ..machine.streams import is_stdout
from . import screen
from .command import command

if TYPE_CHECKING:
    from ..explanations import Explanation

METHOD_HELP = "occlusion: take each sentence out and look (slow, honest); gradient: fast; attention: of attentive heads"
SENTENCE_HELP = "Explain the label of this sentence, counted from 1, not the document's"


@command("Cannot explain {file}")
def explain_cli(
    model: Annotated[str, typer.Argument(help="Folder or name of a trained pipeline")],
    file: Annotated[Path, typer.Argument(help="The text to explain, UTF-8")],
    html: Annotated[Path | None, typer.Option(help="Write a page to read here; - for stdout", allow_dash=True)] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write all scores here; - for stdout", allow_dash=True)
    ] = None,
    label: Annotated[str | None, typer.Option(help="The label to begin with, rather than the most probable")] = None,
    component: Annotated[str | None, typer.Option(help="Name of the classifier, if there are several")] = None,
    sentence: Annotated[int | None, typer.Option(help=SENTENCE_HELP)] = None,
    method: Annotated[Method, typer.Option(help=METHOD_HELP)] = "occlusion",
    top: Annotated[int, typer.Option(help="How many sentences to list", min=1)] = 10,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU, or -1 for the CPU")] = -1,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace a page or scores that are there")] = False,
) -> None:
    """
    Score the sentences of a text by what they did for each label, and list those that did most.

    Example: python -m spacy hat explain training/textcat/model-best speech.txt --html speech.html
    """
    for place, kind in ((html, PAGE), (json_, SCORES_FILE)):
        if place is not None:
            check_place(place, kind, force=force, sources=[file, model])
    from spacy.cli._util import setup_gpu

    from ..corpora.texts import read_texts
    from ..explanations.page import render
    from ..explanations.texts import explain_text
    from ..pipeline.loading import load_pipeline

    text, *others = read_texts(file, limit=2)
    if others:
        raise ValueError(f"{file} holds several documents. Expected: one. Write it to a file of its own.")
    setup_gpu(gpu_id, silent=True)
    with screen.status(f"Loading {model}"):
        nlp = load_pipeline(model)
    with screen.progress() as bars:
        bar = bars.add_task("Explaining", total=None)
        explanations = explain_text(
            nlp,
            text,
            label=label,
            component=component,
            sentence=sentence,
            method=method,
            on_start=lambda n: bars.update(bar, total=n if method == "occlusion" else None),
            on_progress=lambda n: bars.advance(bar, n),
        )
    with screen.results_alone(is_stdout(html) or is_stdout(json_)):
        _print(explanations[0], f"sentence {sentence} of {file.name}" if sentence else file.name, top)
    if html is not None:
        _write(html, render(explanations, page=True, title=file.name, top=top))
    if json_ is not None:
        scores = [one.to_dict() for one in explanations]
        _write(json_, json.dumps(scores, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _print(first: "Explanation", of_what: str, top: int) -> None:
    screen.divider(f"{first.component} on {of_what}: {first.label} {first.probability:.1%}")
    rows = [(f"{score:+.4f}", " ".join(span.text.split())[:100]) for span, score in first.ranked()[:top] if score > 0]
    if rows:
        screen.table(rows, header=("score", "sentence"), aligns=("r", "l"))
    else:
        screen.line(f"No sentence speaks for {first.label}.")


def _write(place: Path, content: str) -> None:
    with new_file(place) as made:
        made.write_text(content, encoding="utf8")
    if not is_stdout(place):
        screen.good(f"Saved {place}")
