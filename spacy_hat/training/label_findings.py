"""What the corpora hold for each component to learn, and what its evaluation will count."""

from collections.abc import Collection

from spacy.language import Language

from ..pipeline.head_checks import class_findings, reader_findings
from ..pipeline.head_counts import MOST_LOST, HeadCounts
from .corpus_counts import CorpusCounts
from .findings import Findings


def check_labels(nlp: Language, corpora: dict[str, CorpusCounts], frozen: Collection[str], findings: Findings) -> None:
    """Ask what training itself asks of text and span categorizers, and compare the labels of the corpora.

    What is not there is only said of corpora of which every document was counted.

    nlp (Language): The pipeline.
    corpora (dict[str, CorpusCounts]): Name -> counts; the training corpus first, and `dev` if there is one.
    frozen (Collection[str]): Components that do not learn.
    findings (Findings): To be added to.
    """
    for finding in [*reader_findings(nlp), *class_findings(nlp)]:
        findings.add(finding)
    train = next(iter(corpora.values()))
    for name, labels in train.labels.items():
        if name in frozen:
            continue
        if head_counts := train.heads.get(name):
            for finding in head_counts.findings(complete=train.is_complete):
                findings.add(finding)
        elif train.is_complete:
            _check_token_labels(nlp, name, _examples(labels), len(train.docs), findings)
        if "dev" in corpora:
            _check_dev(name, train, corpora["dev"], findings)


def _examples(labels: dict[str, int]) -> dict[str, int]:
    return {label: count for label, count in labels.items() if count}


def _check_token_labels(nlp: Language, name: str, labels: dict[str, int], n_docs: int, findings: Findings) -> None:
    """Look at what there is for a component that labels tokens or entities."""
    factory = nlp.get_pipe_meta(name).factory
    what = "an entity in doc.ents" if factory == "ner" else "a tag"
    if not labels:
        findings.problem(
            "nothing to learn",
            f"Component '{name}' has nothing to learn from. Got: {n_docs:,} training documents, none with {what}. "
            "Expected: annotation. Annotate the documents, or remove the component.",
            name,
            n_docs=n_docs,
        )
    elif len(labels) == 1 and factory == "tagger":
        findings.problem(
            "always the same",
            f"Component '{name}' has nothing to tell apart. Got: one tag for every token, {next(iter(labels))!r}. "
            "Expected: at least two. Annotate others, or remove the component.",
            name,
            n_docs=n_docs,
        )


def _check_dev(name: str, train: CorpusCounts, dev: CorpusCounts, findings: Findings) -> None:
    if (head_counts := dev.heads.get(name)) and head_counts.missed:
        _check_lost_in_dev(name, head_counts, findings)
    if train.is_complete and dev.is_complete:
        _compare(name, _examples(train.labels[name]), _examples(dev.labels[name]), findings)


def _check_lost_in_dev(name: str, head_counts: HeadCounts, findings: Findings) -> None:
    n_lost, n_spans = len(head_counts.missed), head_counts.n_spans
    message = (
        f"{n_lost:,} of {n_spans:,} annotated spans of component '{name}' in dev equal no sentence, and count as "
        f"errors even for a perfect model. Got, for instance: {head_counts.missed[0][:100]!r}. Expected: the sentences "
        "that the pipeline itself finds, as in train."
    )
    (findings.problem if n_lost > MOST_LOST * n_spans else findings.warn)(
        "lost spans of dev", message, name, n_spans=n_spans, n_lost=n_lost
    )


def _compare(name: str, train: dict[str, int], dev: dict[str, int], findings: Findings) -> None:
    if train and not dev:
        findings.problem(
            "nothing to evaluate",
            f"No document of dev is annotated for component {name!r}, so that no evaluation counts it. Got: labels in "
            "train only. Expected: the same annotation in both. Annotate the documents of dev, or split anew.",
            name,
        )
        return
    for kind, labels, others, meaning in (
        ("labels in train only", train, dev, "in train only: no evaluation counts them"),
        ("labels in dev only", dev, train, "in dev only: they cannot be learned, and count as errors"),
    ):
        if only := sorted(set(labels) - set(others)):
            message = f"Labels of component {name!r} {meaning}: {', '.join(only[:10])}{_and_more(only)}."
            findings.warn(kind, message, name, n_labels=len(only))


def _and_more(labels: list[str]) -> str:
    return f", and {len(labels) - 10:,} more" if len(labels) > 10 else ""
