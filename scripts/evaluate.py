"""Scores of a trained pipeline on annotated documents, as a table and as JSON.

A pipeline with a text classifier is scored by `doc.cats`, one with a span categorizer by the sentences in
`doc.spans["sc"]`. For one with both, `spacy evaluate` has the scores.
"""

import json
from pathlib import Path
from typing import Annotated

import spacy
import typer
from rich.console import Console
from spacy.language import Language
from spacy.pipeline import SpanCategorizer, TextCategorizer
from spacy.tokens import Doc, DocBin

from scripts.chances import CHANCES, keep_chances
from scripts.corpus_files import MAX_TEXT_LENGTH, progress_bar
from scripts.scores import (
    SPANS_KEY,
    Predicted,
    Ranking,
    Scores,
    best_label,
    chances_in_order,
    scores_table,
    sentence_labels,
)
from spacy_hat.machine.atomic_output import new_file
from spacy_hat.packing import tokenize
from spacy_hat.pipeline.heads import encoder_of, heads_of


def count_pieces(nlp: Language, head: str, docs: list[Doc]) -> list[int]:
    """The lengths of documents as the encoder of a head sees them, whether or not it reads all of them.

    nlp (Language): A pipeline with a HAT in it.
    head (str): Name of the component.
    docs (list[Doc]): The documents.
    RETURNS (list[int]): Their pieces.
    """
    encoder = encoder_of(nlp, head)
    if encoder is None:
        raise typer.BadParameter(f"Component {head} of {nlp.pipe_names} reads no HAT encoder to count pieces with.")
    return [len(tokenize(doc, encoder.shim.tokenizer)) for doc in docs]


def load(model: Path, precision: str | None) -> Language:
    """Load a pipeline.

    model (Path): Its folder.
    precision (str | None): That of its encoder's predictions; None: what the pipeline says.
    RETURNS (Language): The pipeline, for texts of any length.
    """
    settings = {} if precision is None else {"components.transformer.model.precision": precision}
    nlp = spacy.load(model, config=settings)
    nlp.max_length = MAX_TEXT_LENGTH
    return nlp


def predict(
    model: Path,
    test: Path,
    *,
    limit: int = 0,
    precision: str | None = None,
    looked_for: str | None = None,
    console: Console,
) -> Predicted:
    """Run a pipeline on annotated documents.

    model (Path): The pipeline's folder.
    test (Path): A .spacy file.
    limit (int): At most so many documents; 0 for all.
    precision (str | None): Of the predictions; None: what the pipeline says.
    looked_for (str | None): The label whose chances are kept as well, so that there is an average precision.
    console (Console): For the progress bar.
    RETURNS (Predicted): Labels of documents or of sentences, by what the pipeline classifies.
    """
    nlp = load(model, precision)
    gold = list(DocBin().from_disk(test).get_docs(nlp.vocab))[: limit or None]
    if looked_for is not None:
        for head in [head for head in heads_of(nlp) if isinstance(head, SpanCategorizer)]:
            keep_chances(nlp, head, looked_for)
    with progress_bar(console) as progress:
        piped = nlp.pipe(doc.text for doc in gold)
        predicted = list(progress.track(piped, total=len(gold), description=f"predicting {test}"))
    classifiers = [head.name for head in heads_of(nlp) if isinstance(head, TextCategorizer)]
    if classifiers and all(doc.cats for doc in gold):
        right, found = ([[best_label(doc.cats)] for doc in docs] for docs in (gold, predicted))
        by_cats = [[doc.cats.get(looked_for or "", 0.0)] for doc in predicted]
        ranking = None if looked_for is None else Ranking(looked_for, by_cats)
        return Predicted(right, found, count_pieces(nlp, classifiers[0], gold), ranking)
    if any(SPANS_KEY in doc.spans for doc in gold):
        pairs = [sentence_labels(*docs) for docs in zip(gold, predicted, strict=True)]
        chances = [doc.user_data.get(CHANCES, {}) for doc in predicted]
        by_span = [chances_in_order(*docs) for docs in zip(gold, chances, strict=True)]
        ranking = None if looked_for is None else Ranking(looked_for, by_span)
        return Predicted([labels for labels, _ in pairs], [labels for _, labels in pairs], ranking=ranking)
    raise typer.BadParameter(
        f'{test} has no doc.cats for a text classifier, and no doc.spans["{SPANS_KEY}"] for a span categorizer. Give '
        "documents that are annotated for this pipeline."
    )


def evaluate(model: Path, test: Path, *, limit: int = 0, precision: str | None = None, console: Console) -> Scores:
    """Run a pipeline on annotated documents and score it; parameters as of `predict`.

    RETURNS (Scores): Of documents or of sentences, by what the pipeline classifies.
    """
    return predict(model, test, limit=limit, precision=precision, console=console).scores()


def main(
    model: Annotated[Path, typer.Argument(help="Folder of a trained pipeline", exists=True)],
    test: Annotated[Path, typer.Argument(help="Annotated documents, a .spacy file", exists=True)],
    out: Annotated[Path | None, typer.Option(help="Where to write the scores as JSON")] = None,
    limit: Annotated[int, typer.Option(help="At most so many documents, 0 for all")] = 0,
    note: Annotated[str, typer.Option(help="What to know of these scores, printed below them")] = "",
) -> None:
    """Evaluate a pipeline that classifies documents or sentences."""
    console = Console()
    scores = evaluate(model, test, limit=limit, console=console)
    console.print(scores_table(scores, f"{model} on {test}"))
    if note:
        console.print(note)
    if out is not None:
        with new_file(out) as file:
            file.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    typer.run(main)
