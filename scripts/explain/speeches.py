"""Are explanations of real decisions faithful? Delete the sentences they name, and see what the classifier says then.

For each document and its most probable label, sentences are deleted from the text, a growing share of them: those with
the highest scores first, those with the lowest, and random ones. What is left goes through the whole pipeline as a text
of its own, so that this is a test of the scores and not a repetition of how occlusion made them.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import spacy
import typer
from rich.console import Console
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from scripts.corpus_files import MAX_TEXT_LENGTH, progress_bar
from scripts.explain.figures import markdown_rows, quote, write_figures
from spacy_hat.explanations import explain_labels
from spacy_hat.machine.atomic_output import new_file

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
AT = 0.1
RANDOM = "random sentences"
LOWEST = "lowest of occlusion first"


def highest(method: str) -> str:
    """RETURNS (str): The name of the order in which a method deletes what it scores highest."""
    return f"highest of {method} first"


@dataclass
class Curves:
    """Probability of the label that a document was given, after each share of its sentences was deleted.

    probabilities (dict[str, np.ndarray]): Order of deletion -> (n_docs, n_shares).
    n_sentences (list[int]): Of each document.
    """

    probabilities: dict[str, np.ndarray]
    n_sentences: list[int]

    def drop(self, order: str, share: float) -> np.ndarray:
        """RETURNS (np.ndarray): (n_docs,) by how much the probability fell."""
        curve = self.probabilities[order]
        return curve[:, 0] - curve[:, SHARES.index(share)]


def without(doc: Doc, deleted: set[int]) -> str:
    """RETURNS (str): The text of a document without some of its sentences."""
    return "".join(s.text_with_ws for place, s in enumerate(doc.sents) if place not in deleted)


def deletion_curve(nlp: Language, doc: Doc, label: str, order: np.ndarray) -> list[float]:
    """Delete sentences in an order.

    nlp (Language): The pipeline.
    doc (Doc): The document.
    label (str): Whose probability is followed.
    order (np.ndarray): (n_sentences,) their places, the first to go first.
    RETURNS (list[float]): One for each of SHARES; at least one sentence goes where the share is not 0, and one stays.
    """
    n = len(order)
    counts = [min(max(1, round(share * n)), n - 1) if share else 0 for share in SHARES]
    texts = [without(doc, set(order[:count].tolist())) for count in counts]
    return [float(other.cats[label]) for other in nlp.pipe(texts)]


def measure(nlp: Language, docs: list[Doc], methods: list[str], n_random: int, console: Console) -> Curves:
    """Explain each document and delete.

    nlp (Language): A pipeline with a document classifier.
    docs (list[Doc]): Documents; only their texts are read.
    methods (list[str]): Of explanation.
    n_random (int): Random orders of each document, which are averaged.
    console (Console): For the progress bar.
    RETURNS (Curves): Of documents with two sentences or more.
    """
    curves: dict[str, list] = {**{highest(method): [] for method in methods}, RANDOM: [], LOWEST: []}
    n_sentences = []
    random = np.random.default_rng(0)
    with progress_bar(console) as progress:
        for raw in progress.track(docs, description="deleting sentences"):
            doc = nlp(raw.text)
            n = len(list(doc.sents))
            if n < 2:
                continue
            n_sentences.append(n)
            for method in methods:
                first = explain_labels(nlp, doc, method=method)[0]  # type: ignore[arg-type]
                order = np.argsort(-first.scores, kind="stable")
                curves[highest(method)].append(deletion_curve(nlp, doc, first.label, order))
                if method == "occlusion":
                    curves[LOWEST].append(deletion_curve(nlp, doc, first.label, order[::-1]))
            draws = [deletion_curve(nlp, doc, first.label, random.permutation(n)) for _ in range(n_random)]
            curves[RANDOM].append(np.mean(draws, axis=0))
    return Curves({order: np.array(lines) for order, lines in curves.items()}, n_sentences)


def interval(values: np.ndarray) -> tuple[float, float]:
    """RETURNS (tuple[float, float]): 95 % of the means of 10,000 resamples."""
    draws = np.random.default_rng(0).choice(values, size=(10_000, len(values))).mean(axis=1)
    return float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))


def summarise(curves: Curves) -> dict[str, dict]:
    """RETURNS (dict[str, dict]): What became of the probability when a tenth of the sentences was deleted, by order."""
    random_drops = curves.drop(RANDOM, AT)
    summary = {}
    for order in curves.probabilities:
        drop = curves.drop(order, AT)
        low, high = interval(drop - random_drops)
        summary[order] = {
            "drop": float(drop.mean()),
            "more_than_random": float((drop - random_drops).mean()),
            "interval": [low, high],
            "documents_with_more": float((drop > random_drops).mean()),
            "curve": curves.probabilities[order].mean(axis=0).tolist(),
        }
    return summary


def plot(curves: Curves, file: Path, title: str) -> None:
    """Draw the mean probability against the share deleted.

    curves (Curves): What was measured.
    file (Path): An .svg file.
    title (str): Heading.
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "spacy-hat", "font.size": 11})
    from matplotlib import pyplot

    styles = {
        RANDOM: ("#6b665a", "s", ":"),
        LOWEST: ("#4678c8", "v", "--"),
        highest("occlusion"): ("#b97700", "o", "-"),
    }
    others = iter((("#8a4fa3", "D", "-."), ("#2f8f6b", "^", "-.")))
    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    for order, lines in curves.probabilities.items():
        colour, marker, line = styles.get(order) or next(others)
        axes.plot([100 * s for s in SHARES], lines.mean(axis=0), line, color=colour, marker=marker, label=order)
    axes.set(xlabel="sentences deleted, %", ylabel="mean probability of the label", title=title)
    axes.axvline(100 * AT, color="#ded8c9", zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    with new_file(file) as made:
        figure.savefig(made, format="svg", metadata={"Date": None})
    pyplot.close(figure)


def main(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained document classifier", exists=True)],
    corpus: Annotated[Path, typer.Argument(help="Documents, a .spacy file", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for deletion.json")] = Path("results/explanations"),
    page: Annotated[Path | None, typer.Option(help="A page to quote the figures in")] = None,
    methods: Annotated[str, typer.Option(help="Methods, with commas")] = "occlusion,gradient",
    limit: Annotated[int, typer.Option(help="At most so many documents, 0 for all")] = 0,
    n_random: Annotated[int, typer.Option(help="Random deletions of each document, averaged")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="Two documents, one random deletion")] = False,
) -> None:
    """Delete the sentences that explanations name, and random ones, and compare what the classifier says then."""
    console = Console()
    nlp = spacy.load(pipeline)
    nlp.max_length = MAX_TEXT_LENGTH
    if quick:
        limit, n_random = 2, 1
    docs = list(DocBin().from_disk(corpus).get_docs(nlp.vocab))[: limit or None]
    curves = measure(nlp, docs, methods.split(","), n_random, console)
    summary = summarise(curves)
    rows = [
        (
            order,
            f"{100 * found['drop']:.1f} points",
            ""
            if order == RANDOM
            else f"{100 * found['more_than_random']:+.1f} "
            f"({100 * found['interval'][0]:+.1f} to {100 * found['interval'][1]:+.1f})",
            "" if order == RANDOM else f"{found['documents_with_more']:.0%}",
        )
        for order, found in summary.items()
    ]
    table = markdown_rows(
        ("a tenth of the sentences deleted", "probability falls by", "more than random (95 %)", "of documents more"),
        rows,
    )
    console.print(table)
    about = {
        "pipeline": pipeline.name,
        "corpus": corpus.name,
        "documents": len(curves.n_sentences),
        "sentences": sum(curves.n_sentences),
        "shares": list(SHARES),
        "random_orders": n_random,
    }
    write_figures({**about, "orders": summary}, out / "deletion.json")
    plots = out if page is None else page.with_suffix("")
    plots.mkdir(parents=True, exist_ok=True)
    plot(curves, plots / "deletion.svg", f"{len(curves.n_sentences)} documents, {sum(curves.n_sentences):,} sentences")
    if page is not None:
        image = os.path.relpath(plots / "deletion.svg", page.parent)
        quote(page, "speeches", f"{table}\n![Mean probability of the label by share of sentences deleted]({image})")


if __name__ == "__main__":
    typer.run(main)
