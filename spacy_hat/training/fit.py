"""`spacy_hat.fit`: from texts and labels in memory to a trained pipeline, by the config that `init-config` writes."""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

import spacy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config

from ..choices import Optimize
from ..corpora.docs import make_docs
from ..corpora.languages import blank
from ..corpora.records import Record
from ..corpora.split import split
from .balance import unequal_labels
from .config import training_config

DocumentLabels = Sequence[str] | Sequence[Sequence[str]]
SentenceLabels = Sequence[Sequence[str | None]]


def fit(
    texts: Sequence[str] | Sequence[Sequence[str]],
    labels: DocumentLabels | SentenceLabels,
    *,
    hat: str | Path,
    lang: str = "en",
    dev: float = 0.2,
    optimize: Optimize = "speed",
    seed: int = 0,
    gpu_id: int = -1,
    output: str | Path | None = None,
    overrides: dict[str, Any] | None = None,
    silent: bool = False,
) -> Language:
    """Train a classifier of documents, or of sentences in their documents.

    texts (Sequence[str] | Sequence[Sequence[str]]): Documents as they are; or each as the list of its sentences.
    labels (Sequence): For documents, a label of each (`textcat`), or a list of labels of each (`textcat_multilabel`).
        For sentences, a list for each document with a label, or None, for each of its sentences
        (`spancat_singlelabel`).
    hat (str | Path): Folder or hub name of a HAT, such as `python -m spacy hat warm-start` makes.
    lang (str): Code of the language.
    dev (float): Share of the documents by which the best state of the pipeline is chosen.
    optimize (Optimize): As for `init-config`: `speed`, or `accuracy`, which takes twice as long.
    seed (int): Of the split and of the training.
    gpu_id (int): GPU, or -1 for the CPU.
    output (str | Path | None): Folder for `config.cfg`, the corpora, `model-best` and `model-last`; None: none is kept.
    overrides (dict[str, Any] | None): Settings of the config, as `spacy train` takes them: {"training.max_steps": 500}.
    silent (bool): Whether to print no table of the training.
    RETURNS (Language): The pipeline as it was at its best on the development documents.
    RAISES (ValueError): If texts and labels do not fit each other, or there are too few; or output is not empty.
    """
    task, records = _records(texts, labels)
    parts = split(records, {"dev": dev}, seed)
    docs = dict(zip(map(id, records), make_docs(blank(lang), records), strict=True))
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) if output is None else _empty(Path(output))
        for name, part in parts.items():
            DocBin(docs=[docs[id(record)] for record in part], store_user_data=True).to_disk(folder / f"{name}.spacy")
        config = training_config(
            [task],
            hat=str(hat),
            train=str(folder / "train.spacy"),
            dev=str(folder / "dev.spacy"),
            lang=lang,
            optimize=optimize,
            gpu=gpu_id >= 0,
            balanced=bool(unequal_labels([task], folder / "train.spacy")),
            units=("sentences", "given") if task == "spancat_singlelabel" else ("sentences",),
        )
        (folder / "config.cfg").write_text(config, encoding="utf8")
        settings = {"system.seed": seed, **(overrides or {})}
        _train(folder, settings, gpu_id, silent)
        return spacy.load(folder / "model-best")


def _records(texts: Sequence[Any], labels: Sequence[Any]) -> tuple[str, list[Record]]:
    """The task, and the documents with their labels."""
    if isinstance(texts, str) or len(texts) != len(labels):
        found = "one text" if isinstance(texts, str) else f"{len(texts):,} texts and {len(labels):,} labels"
        raise ValueError(f"Each document has an entry in texts and one in labels. Got: {found}.")
    if not len(texts):
        raise ValueError("There is nothing to learn from. Got: no texts. Expected: a few dozen documents, or more.")
    if all(isinstance(text, str) for text in texts):
        return _documents(texts, labels)
    if any(isinstance(text, str) for text in texts):
        raise ValueError(
            "Some texts are strings, some are lists. Expected: documents, or lists of sentences, throughout."
        )
    places = enumerate(zip(texts, labels, strict=True))
    return "spancat_singlelabel", [_of_sentences(number, *of_document) for number, of_document in places]


def _documents(texts: Sequence[str], labels: Sequence[Any]) -> tuple[str, list[Record]]:
    exclusive = all(isinstance(label, str) for label in labels)
    if not exclusive and any(isinstance(label, str) or not _are_strings(label) for label in labels):
        wrong = next(label for label in labels if not _are_strings(label))
        raise ValueError(
            f"A document has a label, or a list of labels. Got: {wrong!r} among labels. Expected: strings."
        )
    given = [[label] if exclusive else list(label) for label in labels]
    if empty := [number for number, of_text in enumerate(given) if not all(label.strip() for label in of_text)]:
        raise ValueError(f"labels[{empty[0]}] is {labels[empty[0]]!r}. Expected: labels that are not empty.")
    records = [
        Record(f"texts[{n}]", text, of_text, []) for n, (text, of_text) in enumerate(zip(texts, given, strict=True))
    ]
    return ("textcat" if exclusive else "textcat_multilabel"), records


def _of_sentences(number: int, sentences: Sequence[str], labels: Sequence[str | None]) -> Record:
    if not _are_strings(sentences) or isinstance(labels, str) or len(labels) != len(sentences):
        raise ValueError(
            f"texts[{number}] has {len(sentences):,} sentences, and labels[{number}] is {labels!r}. Expected: "
            "a label, or None, for each sentence."
        )
    if not all(label is None or (isinstance(label, str) and label.strip()) for label in labels):
        raise ValueError(f"labels[{number}] is {list(labels)!r}. Expected: strings that are not empty, or None.")
    text, spans, starts = "", [], []
    for sentence, label in zip(sentences, labels, strict=True):
        text += " " * bool(text)
        starts.append(len(text))
        if label is not None:
            spans.append((len(text), len(text) + len(sentence), label))
        text += sentence
    return Record(f"texts[{number}]", text, [], spans, sentence_starts=starts)


def _are_strings(values: Any) -> bool:
    return isinstance(values, Sequence) and not isinstance(values, str) and all(isinstance(one, str) for one in values)


def _empty(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty. Expected: a new folder for the pipeline. Nothing is replaced here.")
    return folder


def _train(folder: Path, settings: dict[str, Any], gpu_id: int, silent: bool) -> None:
    """As `spacy train` does it."""
    config = load_config(folder / "config.cfg", overrides=settings, interpolate=False)
    nlp = init_nlp(config, use_gpu=gpu_id)
    with Path(os.devnull).open("w") if silent else nullcontext(sys.stdout) as screen:
        train(nlp, folder, use_gpu=gpu_id, stdout=cast(IO[str], screen), stderr=sys.stderr)
