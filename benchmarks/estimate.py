"""How near the quick estimate of an explanation comes, and what it costs, on documents of a trained pipeline.

    python -m benchmarks.estimate training/textcat/model-best corpus/speeches/test.spacy

For each document, every sentence is taken out (exactly), and the same is estimated. Found: how many of the ten
sentences that speak most for the label the pipeline gives, and of the ten that speak most against it, are among the
forty that the estimate would have chosen for an exact answer.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import spacy
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_hat.explanations.encoded import EncodedDocument
from spacy_hat.explanations.estimate import can_estimate, estimated_scores
from spacy_hat.explanations.occlusion import occluded_scores
from spacy_hat.explanations.question import find_decision

from .results import Json, Quick, command_line, write_results
from .timing import seconds_of

TOP, CHOSEN = 10, 40


def measure(nlp: Language, text: str) -> dict[str, float]:
    """RETURNS (dict[str, float]): Sizes, seconds of both ways, and how much of the exact answer the estimate finds."""
    doc: Doc = nlp(text)
    decision = find_decision(nlp, doc, component=None, span=None)
    encoded = EncodedDocument(decision.head, decision.head.read(doc, decision.sentence_starts()))
    if not can_estimate(encoded):
        raise typer.BadParameter("This pipeline needs no estimate: exact answers cost no more.")
    whole = encoded.scores(None)
    column = int(whole.argmax())
    answers: dict[str, np.ndarray] = {}
    seconds = {
        "exact_seconds": seconds_of(lambda: answers.update(exact=occluded_scores(encoded, None, lambda _: None))),
        "estimate_seconds": seconds_of(lambda: answers.update(estimate=estimated_scores(encoded))),
    }
    exact, estimate = ((whole - answers[name])[:, column] for name in ("exact", "estimate"))
    order = np.argsort(-exact, kind="stable")
    wanted = [place for place in order[:TOP] if exact[place] > 0] + [
        place for place in order[-TOP:] if exact[place] < 0
    ]
    chosen = np.argsort(-np.abs(estimate), kind="stable")[:CHOSEN]
    return {
        "tokens": len(doc),
        "sentences": len(exact),
        **seconds,
        "correlation": float(np.corrcoef(exact, estimate)[0, 1]),
        "found": float(np.isin(wanted, chosen).mean()) if len(wanted) else 1.0,
    }


def main(
    ctx: typer.Context,
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained document classifier", exists=True)],
    corpus: Annotated[Path, typer.Argument(help="Documents, a .spacy file", exists=True)],
    limit: Annotated[int, typer.Option(help="So many of the longest documents")] = 10,
    out: Json = None,
    quick: Quick = False,
) -> None:
    """Compare the estimate with the exact answer."""
    nlp = spacy.load(pipeline)
    texts = sorted((doc.text for doc in DocBin().from_disk(corpus).get_docs(nlp.vocab)), key=len)
    runs = [measure(nlp, text) for text in track(texts[-2 if quick else -limit :], console=Console(stderr=True))]
    table = Table("tokens", "sentences", "exact, s", "estimate, s", "correlation", "found")
    for run in runs:
        table.add_row(*(f"{value:,.0f}" if value >= 20 else f"{value:.3f}" for value in run.values()))
    Console().print(table)
    write_results(out, command_line(ctx, "estimate"), {"runs": runs})


if __name__ == "__main__":
    typer.run(main)
