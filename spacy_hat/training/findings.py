"""What is wrong with a config and its corpora: problems would waste a training run, warnings may be meant.

Heads are asked by head_checks, in the words of training itself.
"""

import math
import warnings
from dataclasses import dataclass, field
from typing import Any

from spacy.language import Language
from spacy.util import dot_to_object

from ..layers.hat_model import get_shim
from ..pipeline.cleaner import CLEANERS
from ..pipeline.head_checks import SENTENCE_ATTRIBUTES, check_classes
from ..pipeline.heads import heads_of
from .corpus_counts import CorpusCounts, Encoding

MOST_LOST = 0.5
"""Share of annotated spans that equal no sentence, beyond which training is not worth beginning."""


@dataclass
class Findings:
    """What was found, each once.

    problems (list[str]): What would waste a training run.
    warnings (list[str]): What may be meant.
    """

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def problem(self, message: str) -> None:
        if message not in self.problems:
            self.problems.append(message)

    def warn(self, message: str) -> None:
        if message not in self.warnings and message not in self.problems:
            self.warnings.append(message)


def check_settings(nlp: Language, encoding: Encoding, corpora: dict[str, CorpusCounts], findings: Findings) -> None:
    """Look at the settings that undo what this package is for.

    nlp (Language): The pipeline.
    encoding (Encoding): How it reads documents.
    corpora (dict[str, CorpusCounts]): Name -> counts; `train`, and `dev` if there is one.
    findings (Findings): To be added to.
    """
    config = nlp.config.interpolate()
    for name in corpora:
        place = config["training"][f"{name}_corpus"]
        settings = dot_to_object(config, place)
        if isinstance(settings, dict) and settings.get("max_length"):
            findings.problem(
                f"[{place}] has max_length = {settings['max_length']}, so that longer documents are cut into "
                f"sentences, or skipped. Expected: whole documents. Set max_length = 0 in [{place}]."
            )
    factories = {nlp.get_pipe_meta(name).factory for name in nlp.pipe_names}
    if not factories & set(CLEANERS) and "dev" in corpora:
        shim = get_shim(encoding.model)
        segments_only = shim.output == "segments"
        dev = corpora["dev"]
        rows = sum(doc.n_segments for doc in dev.docs) if segments_only else dev.n_rows
        size = rows * shim.encoder.config.hidden_size * 4
        findings.warn(
            f"The pipeline ends without a `doc_cleaner` or `hat_cleaner`: each evaluation keeps the encoder's output "
            f"of all {len(dev.docs):,} documents of dev, about {size / 2**20:,.0f} MB. Add a `hat_cleaner`, as "
            "`spacy hat init-config` does."
        )


def check_documents(name: str, counts: CorpusCounts, encoding: Encoding, nlp: Language, findings: Findings) -> None:
    """Look at one corpus.

    name (str): Of the corpus.
    counts (CorpusCounts): What is in it.
    encoding (Encoding): How it is read.
    nlp (Language): The pipeline.
    findings (Findings): To be added to.
    """
    packer = encoding.model.attrs["packer"]
    max_segments = get_shim(encoding.model).encoder.config.max_segments
    n_docs = len(counts.docs)
    n_empty = sum(doc.n_pieces == 0 for doc in counts.docs)
    if n_empty == n_docs:
        found = f"{n_docs:,} documents without any text" if n_docs else "no documents"
        findings.problem(f"Corpus {name} has nothing to read. Got: {found}. Expected: documents. Correct paths.{name}.")
        return
    if n_empty:
        findings.warn(f"{n_empty:,} of {n_docs:,} documents in {name} have no text that the tokenizer sees.")
    if cut := counts.n_pieces_cut:
        share = cut / sum(doc.n_pieces for doc in counts.docs)
        findings.warn(
            f'overflow = "truncate" cuts {cut:,} pieces ({share:.1%}) of {name} off. Set overflow = "window" in '
            f"[components.{encoding.component}.model] to read documents whole."
        )
    n_over = sum(doc.n_segments > max_segments for doc in counts.docs)
    if n_over and packer.overflow == "error":
        findings.problem(
            f"{n_over:,} of {n_docs:,} documents in {name} have more than {max_segments} segments, and overflow is "
            f'"error". Set overflow = "window" in [components.{encoding.component}.model] to read them whole.'
        )
    if packer.packing != "fixed" and (n_without := counts.n_without_sentences):
        without_all = n_without == n_docs - n_empty
        message = (
            f"{n_without:,} of {n_docs:,} documents in {name} have no sentences when they are encoded, and are packed "
            f'as with "fixed". {_sentence_remedy(nlp, encoding)}'
        )
        (findings.problem if without_all or packer.require_sentences else findings.warn)(message)


def _sentence_remedy(nlp: Language, encoding: Encoding) -> str:
    before = nlp.pipe_names[: nlp.pipe_names.index(encoding.component)]
    finders = [name for name in before if SENTENCE_ATTRIBUTES & set(nlp.get_pipe_meta(name).assigns)]
    if finders:
        return f'In prediction, {finders[0]!r} finds them: add "{finders[0]}" to annotating_components of [training].'
    return "Put a `sentencizer` before the encoder in [nlp] pipeline, and into annotating_components of [training]."


def check_heads_of(nlp: Language, corpora: dict[str, CorpusCounts], findings: Findings) -> None:
    """Ask what training itself asks of text and span categorizers, and compare the labels of the corpora.

    nlp (Language): The pipeline.
    corpora (dict[str, CorpusCounts]): Name -> counts; `train`, and `dev` if there is one.
    findings (Findings): To be added to.
    """
    for head in heads_of(nlp):
        try:
            check_classes(head)
        except ValueError as error:
            findings.problem(str(error))
    train = next(iter(corpora.values()))
    for of_head in train.heads.values():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                of_head.report(len(train.docs))
            except ValueError as error:
                findings.problem(str(error))
        most_are_lost = len(of_head.missed) > MOST_LOST * of_head.n_spans
        for warning in caught:
            is_of_spans = most_are_lost and "equal no sentence" in str(warning.message)
            (findings.problem if is_of_spans else findings.warn)(str(warning.message))
    if "dev" in corpora:
        for name, labels in train.labels.items():
            _compare(name, _examples(labels), _examples(corpora["dev"].labels[name]), findings)


def _examples(labels: dict[str, int]) -> dict[str, int]:
    return {label: count for label, count in labels.items() if count}


def _compare(name: str, train: dict[str, int], dev: dict[str, int], findings: Findings) -> None:
    if train and not dev:
        findings.problem(
            f"No document of dev is annotated for component {name!r}, so that no evaluation counts it. Got: labels in "
            "train only. Expected: the same annotation in both. Annotate the documents of dev, or split anew."
        )
        return
    for labels, others, meaning in (
        (train, dev, "in train only: no evaluation counts them"),
        (dev, train, "in dev only: they cannot be learned, and count as errors"),
    ):
        if only := sorted(set(labels) - set(others)):
            findings.warn(f"Labels of component {name!r} {meaning}: {', '.join(only[:10])}{_and_more(only)}.")


def _and_more(labels: list[str]) -> str:
    return f", and {len(labels) - 10:,} more" if len(labels) > 10 else ""


def check_layout(nlp: Language, encoding: Encoding, findings: Findings) -> None:
    """Look for components that read tokens behind a last block that changes first pieces only."""
    layout = get_shim(encoding.model).encoder.config.layout
    heads = {head.name for head in heads_of(nlp)}
    readers = [
        name
        for name, pipe in nlp.pipeline
        if name not in heads and name in _listening(nlp, encoding.component) and getattr(pipe, "is_trainable", False)
    ]
    if readers and "S" not in layout.rpartition("|")[2]:
        findings.warn(
            f"The encoder's layout, {layout}, ends in a block that changes first pieces only, and "
            f"{', '.join(readers)} never sees these. Use an encoder whose last block has an S."
        )


def _listening(nlp: Language, component: str) -> list[str]:
    return getattr(nlp.get_pipe(component), "listening_components", [])


def check_overlap(corpora: dict[str, CorpusCounts], findings: Findings) -> None:
    """Look for documents that are trained on and evaluated with."""
    if "dev" in corpora and (shared := len(corpora["train"].texts & corpora["dev"].texts)):
        findings.warn(
            f"{shared:,} of {len(corpora['dev'].texts):,} different documents of dev are in train too: scores on them "
            "say nothing about new documents."
        )


def check_steps(training: dict[str, Any], n_docs: int, batch_size: float | None, findings: Findings) -> None:
    """Compare how long training takes with how much there is to see.

    training (dict[str, Any]): The [training] section.
    n_docs (int): Training documents.
    batch_size (float | None): Documents of a batch; None if that is not known.
    findings (Findings): To be added to.
    """
    max_steps, frequency = training["max_steps"], training["eval_frequency"]
    if not max_steps or training["max_epochs"] > 0:
        return
    if frequency > max_steps:
        findings.problem(
            f"eval_frequency is {frequency:,}, but training ends after {max_steps:,} steps, so that only the untrained "
            "pipeline is evaluated, and model-best is that. Lower eval_frequency in [training]."
        )
    if batch_size and max_steps * batch_size < n_docs:
        needed = math.ceil(n_docs / batch_size)
        findings.warn(
            f"{max_steps:,} steps of {batch_size:g} documents see {max_steps * batch_size / n_docs:.0%} of the "
            f"{n_docs:,} training documents. Raise max_steps in [training]: {needed:,} steps see each once."
        )
