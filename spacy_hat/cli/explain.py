"""`python -m spacy hat explain`: which sentences of a text made a pipeline decide as it did."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from ..choices import Method
from ..machine.atomic_output import new_file

METHOD_HELP = "occlusion: take each sentence out and look (slow, honest); gradient: fast; attention: of attentive heads"


def explain_cli(
    model: Annotated[str, typer.Argument(help="Folder or name of a trained pipeline")],
    file: Annotated[Path, typer.Argument(help="The text to explain, UTF-8")],
    html: Annotated[Path | None, typer.Option(help="Write a page to read here")] = None,
    json_: Annotated[Path | None, typer.Option("--json", help="Write all scores here")] = None,
    label: Annotated[str | None, typer.Option(help="The label to begin with, rather than the most probable")] = None,
    component: Annotated[str | None, typer.Option(help="Name of the classifier, if there are several")] = None,
    sentence: Annotated[
        int | None, typer.Option(help="Explain the label of this sentence, counted from 1, not the document's")
    ] = None,
    method: Annotated[Method, typer.Option(help=METHOD_HELP)] = "occlusion",
    top: Annotated[int, typer.Option(help="How many sentences to list", min=1)] = 10,
) -> None:
    """
    Score the sentences of a text by what they did for each label, and list those that did most.

    Example: python -m spacy hat explain training/textcat/model-best speech.txt --html speech.html
    """
    try:
        from ..corpora.texts import read_texts

        text, *others = read_texts(file, limit=2)
        if others:
            raise ValueError(f"{file} holds several documents. Expected: one. Write it to a file of its own.")
    except (OSError, ValueError) as error:
        msg.fail(f"Cannot read {file}", str(error), exits=1)
    explanations = explain_text(model, text, label=label, component=component, sentence=sentence, method=method)
    first = explanations[0]
    of_what = f"sentence {sentence} of {file.name}" if sentence else file.name
    msg.divider(f"{first.component} on {of_what}: {first.label} {first.probability:.1%}")
    rows = [(f"{score:+.4f}", " ".join(span.text.split())[:100]) for span, score in first.ranked()[:top] if score > 0]
    if rows:
        msg.table(rows, header=("score", "sentence"), divider=True, aligns=("r", "l"))
    else:
        msg.text(f"No sentence speaks for {first.label}.")
    if html is not None:
        from ..explanations.page import render

        _write(html, render(explanations, page=True, title=file.name, top=top))
    if json_ is not None:
        _write(json_, json.dumps([one.to_dict() for one in explanations], indent=2, ensure_ascii=False) + "\n")


def explain_text(
    model: str,
    text: str,
    *,
    label: str | None = None,
    component: str | None = None,
    sentence: int | None = None,
    method: Method = "occlusion",
) -> Any:
    """Load a pipeline, run it on a text, and explain it; say what is wrong and leave with status 1 if that cannot be.

    model (str): Folder or name of a pipeline.
    text (str): The text.
    label (str | None): The label that comes first.
    component (str | None): Name of the classifier.
    sentence (int | None): The sentence whose label is explained, counted from 1; None: the document's.
    method (Method): One of the methods.
    RETURNS (list[Explanation]): One for each label.
    """
    import spacy
    from rich.console import Console
    from rich.progress import Progress

    from ..explanations import explain_labels
    from ..explanations.question import SpanMissingError

    try:
        with Console(stderr=True).status(f"Loading {model}"):
            nlp = spacy.load(model)
        nlp.max_length = max(nlp.max_length, len(text) + 1)
        doc = nlp(text)
        sentences = list(doc.sents) if doc.has_annotation("SENT_START") else []
        if sentence is not None and not 1 <= sentence <= len(sentences):
            raise ValueError(f"There is no sentence {sentence}. Expected: a number from 1 to {len(sentences)}.")
        span = None if sentence is None else sentences[sentence - 1]
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Explaining", total=len(sentences) if method == "occlusion" else None)
            explanations = explain_labels(
                nlp,
                doc,
                span=span,
                component=component,
                method=method,
                on_progress=lambda n_done: progress.advance(task, n_done),
            )
    except (ValueError, OSError) as error:
        hint = " On the command line, name a sentence: --sentence 1." if isinstance(error, SpanMissingError) else ""
        msg.fail("Cannot explain this", f"{error}{hint}", exits=1)
    if label is None:
        return explanations
    labels = [one.label for one in explanations]
    if label not in labels:
        msg.fail("Cannot explain this", f"There is no label {label!r}. Expected one of: {', '.join(labels)}.", exits=1)
    return sorted(explanations, key=lambda one: one.label != label)


def _write(path: Path, content: str) -> None:
    try:
        with new_file(path) as made:
            made.write_text(content, encoding="utf8")
    except OSError as error:
        msg.fail(f"Cannot write to {path}", str(error), exits=1)
    msg.good(f"Saved {path}")
