"""Do explanations find the one sentence that decides? Train on documents where it is known, and count.

A document is a number of sentences that tell nothing, with one among them that decides (the appeal was dismissed, or
allowed), or none (then it is open). The third label keeps the model from taking the absence of one sentence for the
other.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import spacy
import typer
from rich.console import Console
from spacy.language import Language
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch

from scripts.corpus_files import progress_bar
from scripts.explain.figures import markdown_rows, quote, write_figures
from spacy_hat.explanations import explain
from spacy_hat.pipeline.optimizer import adam_v1

DECISIVE = {"DISMISSED": "the appeal was dismissed.", "ALLOWED": "the appeal was allowed."}
OPEN = "OPEN"
FILLERS = (
    "the court held that.",
    "we read whole documents.",
    "this is the court.",
    "that was read and held.",
    "costs follow.",
    "hello world.",
    "we read that and this is the court.",
    "documents follow the appeal.",
)
NO_STEP: Any = False  # spaCy takes it for the optimizer, and does not say so in its types
Planted = tuple[str, str, int]


def make_planted(n_docs: int, seed: int, *, longest: int = 24, with_open: bool = False) -> list[Planted]:
    """Make documents.

    n_docs (int): How many.
    seed (int): For their sentences.
    longest (int): Most sentences that tell nothing; at least 6.
    with_open (bool): Whether a third of them hold no decisive sentence.
    RETURNS (list[Planted]): Text, label, and the place of the decisive sentence (-1: none).
    """
    random = np.random.default_rng(seed)
    labels = [*DECISIVE, OPEN] if with_open else [*DECISIVE]
    made = []
    for number in range(n_docs):
        label = labels[number % len(labels)]
        sentences = [FILLERS[i] for i in random.integers(len(FILLERS), size=random.integers(6, longest + 1))]
        place = int(random.integers(len(sentences) + 1)) if label in DECISIVE else -1
        if place >= 0:
            sentences.insert(place, DECISIVE[label])
        made.append((" ".join(sentences), label, place))
    return made


def train_planted(
    hat: Path, *, n_docs: int, n_steps: int, encoder_learn_rate: float = 1e-3, pooling: str = "max", longest: int = 24
) -> Language:
    """Train a classifier of such documents.

    hat (Path): A HAT checkpoint.
    n_docs (int): Documents to train on.
    n_steps (int): Steps, of 8 documents each.
    encoder_learn_rate (float): Of the encoder.
    pooling (str): Of the head.
    longest (int): Most sentences that tell nothing.
    RETURNS (Language): The pipeline.
    """
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("hat", name="transformer", config={"model": {"name": str(hat), "output": "segments"}})
    listener = {"@architectures": "spacy-transformers.TransformerListener.v1", "pooling": {"@layers": "reduce_mean.v1"}}
    head = {
        "@architectures": "spacy-hat.DocumentClassifier.v1",
        "exclusive_classes": True,
        "pooling": pooling,
        "tok2vec": listener,
    }
    nlp.add_pipe("textcat", config={"model": head})
    labels = [*DECISIVE, OPEN]
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {name: float(name == label) for name in labels}})
        for text, label, _ in make_planted(n_docs, seed=0, longest=longest, with_open=True)
    ]
    nlp.initialize(lambda: examples)
    optimizer = adam_v1(learn_rate=0.01, encoder_learn_rate=encoder_learn_rate)
    for batch in _batches(examples, n_steps):
        nlp.update(batch, sgd=NO_STEP, annotates=["sentencizer"])
        for name in ("transformer", "textcat"):
            pipe: Any = nlp.get_pipe(name)
            pipe.finish_update(optimizer)
    return nlp


def _batches(examples: list[Example], n_steps: int) -> Iterator[list[Example]]:
    random = np.random.default_rng(0)
    done = 0
    while done < n_steps:
        for batch in minibatch([examples[i] for i in random.permutation(len(examples))], 8):
            if done < n_steps:
                yield batch
            done += 1


def first_ranks(nlp: Language, planted: list[Planted], method: str) -> list[int]:
    """Rank the decisive sentence of each document among its sentences.

    nlp (Language): The pipeline.
    planted (list[Planted]): Documents with a decisive sentence.
    method (str): Of explanation.
    RETURNS (list[int]): 0 where it is the first.
    """
    ranks = []
    for text, label, place in planted:
        scores = explain(nlp, text, label, method=method).scores  # type: ignore[arg-type]
        ranks.append(int((scores > scores[place]).sum()))
    return ranks


def main(
    hat: Annotated[Path, typer.Argument(help="Folder of a HAT checkpoint", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for planted.json")] = Path("results/explanations"),
    page: Annotated[Path | None, typer.Option(help="A page to quote the figures in")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few steps and documents, to see that it runs")] = False,
) -> None:
    """Train two classifiers of planted documents (max and attentive pooling) and rank the sentence that decides."""
    console = Console()
    n_train, n_steps, n_test = (24, 4, 4) if quick else (300, 200, 200)
    rows: list[tuple[str, ...]] = []
    first: dict[str, float] = {}
    accuracy: dict[str, float] = {}
    planted = make_planted(n_test, seed=1)
    for pooling, methods in (("max", ("occlusion", "gradient")), ("attentive", ("occlusion", "gradient", "attention"))):
        with console.status(f"training, pooling = {pooling}"):
            nlp = train_planted(hat, n_docs=n_train, n_steps=n_steps, encoder_learn_rate=1e-4, pooling=pooling)
        tested = make_planted(n_test, seed=2, with_open=True)
        docs = list(nlp.pipe(text for text, _, _ in tested))
        right = [max(doc.cats, key=doc.cats.__getitem__) == p[1] for doc, p in zip(docs, tested, strict=True)]
        accuracy[pooling] = float(np.mean(right))
        for method in methods:
            with progress_bar(console) as progress:
                tracked = progress.track(planted, description=f"{pooling}: {method}")
                ranks = [rank for one in tracked for rank in first_ranks(nlp, [one], method)]
            share = float(np.mean(np.array(ranks) == 0))
            first[f"{pooling} {method}"] = share
            rows.append((pooling, method, f"{share:.1%}", f"{accuracy[pooling]:.1%}"))
    table = markdown_rows(("pooling", "method", "decisive sentence first", "accuracy of the classifier"), rows)
    console.print(table)
    figures = {"hat": hat.name, "documents": n_test, "steps": n_steps, "first": first, "accuracy": accuracy}
    write_figures(figures, out / "planted.json")
    if page is not None:
        quote(page, "planted", table)


if __name__ == "__main__":
    typer.run(main)
