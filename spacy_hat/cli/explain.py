"""`python -m spacy hat explain`: which sentences of a text made a pipeline decide as it did."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..choices import Method
from ..machine.atomic_output import new_file, new_folder
from ..machine.kinds import PAGE, PAGE_ENDING, PAGES, SCORES_FILE
from ..machine.places import check_place
from ..machine.streams import is_stdout
from . import screen
from .command import command

if TYPE_CHECKING:
    from ..explanations import Explanation

FILE_HELP = "The documents: a text in UTF-8, or any form that `convert` reads; - for stdin"
HTML_HELP = "Write a page to read here, or a folder of pages for several documents; - for stdout"
METHOD_HELP = "occlusion: take each sentence out and look (slow, honest); gradient: fast; attention: of attentive heads"
SENTENCE_HELP = "Explain the label of this sentence, counted from 1, not the document's"
EXACT_HELP = """\
With occlusion: take out so many sentences of a document, those that a quick estimate finds to matter most; 0 for every
one [default: every one of up to 150, 10 to 40 of more]"""
TOP_HELP = "How many sentences to list: of those for the label, and of those against it"


@command("Cannot explain {file}")
def explain_cli(
    model: Annotated[str, typer.Argument(help="Folder or name of a trained pipeline")],
    file: Annotated[Path, typer.Argument(help=FILE_HELP, allow_dash=True)],
    html: Annotated[Path | None, typer.Option(help=HTML_HELP, allow_dash=True)] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write all scores here; - for stdout", allow_dash=True)
    ] = None,
    label: Annotated[str | None, typer.Option(help="The label to begin with, rather than the most probable")] = None,
    component: Annotated[str | None, typer.Option(help="Name of the classifier, if there are several")] = None,
    sentence: Annotated[int | None, typer.Option(help=SENTENCE_HELP)] = None,
    method: Annotated[Method, typer.Option(help=METHOD_HELP)] = "occlusion",
    exact: Annotated[int | None, typer.Option(help=EXACT_HELP, min=0)] = None,
    top: Annotated[int, typer.Option(help=TOP_HELP, min=1)] = 10,
    limit: Annotated[int | None, typer.Option(help="Read only so many documents", min=1)] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU, or -1 for the CPU")] = -1,
    force: Annotated[bool, typer.Option("--force", "-F", help="Replace pages or scores that are there")] = False,
) -> None:
    """
    Score the sentences of documents by what they did for each label, and list those that did most, for and against.

    Example: python -m spacy hat explain training/textcat/model-best speech.txt --html speech.html
    """
    from spacy.cli._util import setup_gpu

    from ..corpora.texts import read_texts
    from ..explanations.texts import explain_text
    from ..pipeline.loading import load_pipeline

    texts = read_texts(file, limit=limit)
    for place, kind in ((html, PAGES if len(texts) > 1 else PAGE), (json_, SCORES_FILE)):
        if place is not None:
            check_place(place, kind, force=force, sources=[file, model])
    setup_gpu(gpu_id, silent=True)
    with screen.status(f"Loading {model}"):
        nlp = load_pipeline(model)
    for_documents = []
    for number, text in enumerate(texts, start=1):
        with screen.progress() as bars:
            bar = bars.add_task("Explaining", total=None)
            explanations = explain_text(
                nlp,
                text,
                label=label,
                component=component,
                sentence=sentence,
                method=method,
                exact=exact,
                on_start=lambda n: bars.update(bar, total=n if method == "occlusion" else None),  # noqa: B023
                on_progress=lambda n: bars.advance(bar, n),  # noqa: B023
            )
        for_documents.append(explanations)
        name = _name(file, number, len(texts))
        with screen.results_alone(is_stdout(html) or is_stdout(json_)):
            _print(explanations[0], f"sentence {sentence} of {name}" if sentence else name, top)
    if html is not None:
        _write_pages(html, for_documents, file, top)
    if json_ is not None:
        scores = [{"document": n, **one.to_dict()} for n, found in enumerate(for_documents, start=1) for one in found]
        _write(json_, json.dumps(scores, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _name(file: Path, number: int, n_texts: int) -> str:
    """What a document is called in headings."""
    name = "stdin" if str(file) == "-" else file.name
    return name if n_texts == 1 else f"{name}, document {number}"


def _print(first: "Explanation", what: str, top: int) -> None:
    screen.divider(f"{first.component} on {what}: {first.label} {first.probability:.1%}")
    for side, places in (("for", first.speaking_for(top)), ("against", first.speaking_against(top))):
        if places:
            screen.table([_row(first, place) for place in places], ("score", "no.", side), aligns=("r", "r", "l"))
        elif side == "for":
            screen.line(f"No sentence speaks for {first.label}.")
    for side, words in (("for", first.words_for(top)), ("against", first.words_against(top))):
        if words:
            rows = [(f"{word.score:+.3f}", word.count, word.text[:100]) for word in words]
            screen.table(rows, ("log-odds", "times", f"words {side}"), aligns=("r", "r", "l"))
    n_estimates = 0 if first.is_exact is None else int((~first.is_exact).sum())
    if n_estimates:
        screen.line(
            f"{len(first.scores) - n_estimates} sentences were taken out. The scores of the other {n_estimates} "
            "(with ~) are estimates: --exact 0 takes out every one."
        )


def _row(explanation: "Explanation", place: int) -> tuple[str, int, str]:
    is_estimate = explanation.is_exact is not None and not explanation.is_exact[place]
    text = " ".join(explanation.sentences[place].text.split())
    return f"{'~' * is_estimate}{explanation.scores[place]:+.4f}", place + 1, text[:100]


def _write_pages(place: Path, for_documents: list[list["Explanation"]], file: Path, top: int) -> None:
    """One page, or a folder with a page for each document."""
    from ..explanations.page import render

    names = [_name(file, number, len(for_documents)) for number in range(1, len(for_documents) + 1)]
    pages = [render(one, page=True, title=name, top=top) for one, name in zip(for_documents, names, strict=True)]
    if len(pages) == 1:
        _write(place, pages[0])
        return
    with new_folder(place) as folder:
        for number, page in enumerate(pages, start=1):
            (folder / f"{number:0{len(str(len(pages)))}}{PAGE_ENDING}").write_text(page, encoding="utf8")
    screen.good(f"Saved {len(pages)} pages to {place}")


def _write(place: Path, content: str) -> None:
    with new_file(place) as made:
        made.write_text(content, encoding="utf8")
    if not is_stdout(place):
        screen.good(f"Saved {place}")
