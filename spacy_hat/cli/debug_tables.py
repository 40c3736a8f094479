"""A report of `debug` as text for the terminal."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from . import screen

if TYPE_CHECKING:
    from ..training.report import CorpusReport, SpansReport, TrainingReport
    from ..training.timed_batch import TimedBatch

BAR = 40
MOST_LABELS = 20


def print_report(report: "TrainingReport") -> None:
    """Print a report.

    report (TrainingReport): What was found.
    """
    encoder, corpora = report.encoder, report.corpus_reports()
    if encoder:
        screen.divider("Encoder")
        screen.line(f"{encoder.name}: layout {encoder.layout}")
        screen.line(f"packing {encoder.packing!r}, overflow {encoder.overflow!r}, output {encoder.output!r}")
        together = "All" if encoder.max_segments is None else f"Up to {encoder.max_segments}"
        screen.line(f"{together} segments of {encoder.segment_length} pieces attend to each other.")
    if corpora:
        screen.divider("Documents")
        print_table(corpora)
        for quantity in ("pieces", "segments"):
            for name, corpus in corpora.items():
                screen.line(f"\n{quantity.capitalize()} of a document, {name}")
                print_histogram(getattr(corpus, quantity).bins)
        print_labels(corpora)
        for name, corpus in corpora.items():
            for component, spans in corpus.spans.items():
                print_spans(name, component, spans)
    if report.batch:
        screen.divider("One batch")
        print_batch(report.batch)
    print_findings(report)


def print_table(corpora: "dict[str, CorpusReport]") -> None:
    """Print a row for each number, and a column for each corpus."""
    rows: dict[str, Callable[[CorpusReport], str]] = {
        "documents": lambda c: of_all(c),
        "tokens": lambda c: count(c.n_tokens),
        "pieces": lambda c: count(c.pieces.total),
        "pieces of a document, median": lambda c: f"{c.pieces.median:,.0f}",
        "pieces of a document, most": lambda c: count(c.pieces.largest),
        "pieces cut off": lambda c: count(c.n_pieces_cut),
        "segments": lambda c: count(c.segments.total),
        "fill of segments": lambda c: f"{c.segment_fill:.0%}",
        "windows": lambda c: count(c.n_windows),
        "documents in several windows": lambda c: count(c.n_docs_in_several_windows),
        "documents without sentences": lambda c: count(c.n_docs_without_sentences),
        "sentences": lambda c: count(c.n_sentences),
        "sentences longer than a segment": lambda c: count(c.n_sentences_longer_than_a_segment),
    }
    cells = [[name, *(value(corpus) for corpus in corpora.values())] for name, value in rows.items()]
    screen.table(cells, header=["", *corpora], aligns=["l", *("r" for _ in corpora)])


def of_all(corpus: "CorpusReport") -> str:
    """RETURNS (str): How many documents were looked at, and of how many, if not of all."""
    if corpus.n_docs_in_all == corpus.n_docs:
        return count(corpus.n_docs)
    return f"{corpus.n_docs:,} of {'more' if corpus.n_docs_in_all is None else count(corpus.n_docs_in_all)}"


def print_histogram(bins: Sequence[Sequence[int]]) -> None:
    """Print a bar for each bin (from, to, number of documents)."""
    most = max((n for _, _, n in bins), default=0)
    labels = [f"{low:,}" if low == high else f"{low:,} to {high:,}" for low, high, _ in bins]
    width = max(map(len, labels), default=0)
    for label, (_, _, n) in zip(labels, bins, strict=True):
        bar = "█" * max(round(BAR * n / most), 1 if n else 0)
        screen.line(f"  {label:>{width}}  {bar} {n:,}")


def print_labels(corpora: "dict[str, CorpusReport]") -> None:
    """Print how often each label is annotated, a table for each component."""
    components: list[str] = list(next(iter(corpora.values())).labels)
    for component in components:
        screen.divider(f"Labels of {component}")
        counts = [corpus.labels[component] for corpus in corpora.values()]
        labels = list(dict.fromkeys(label for of_corpus in counts for label in of_corpus))
        cells = [[label, *(count(of_corpus.get(label, 0)) for of_corpus in counts)] for label in labels[:MOST_LABELS]]
        screen.table(cells, header=["label", *corpora], aligns=["l", *("r" for _ in corpora)])
        if len(labels) > MOST_LABELS:
            screen.line(f"… and {len(labels) - MOST_LABELS:,} more: --json has them all.")


def print_spans(corpus: str, component: str, spans: "SpansReport") -> None:
    """Print how many annotated spans equal a sentence, and where most do not."""
    screen.divider(f"Spans of {component}, {corpus}")
    screen.line(f"{spans.equal_a_sentence:.1%} of {spans.n_spans:,} annotated spans equal a sentence of the pipeline.")
    if spans.worst_docs:
        screen.line("Others are not learned. Most of them are in:")
    for doc in spans.worst_docs:
        screen.line(f"  document {doc.number:,} ({doc.text} …): {doc.n_lost:,} of {doc.n_spans:,} spans,")
        screen.line(f"    for instance {' '.join(doc.example[:90].split())!r}")


def print_batch(batch: "TimedBatch") -> None:
    """Print what a batch took, what follows, and what that is worth."""
    docs = "1 document" if batch.n_docs == 1 else f"{batch.n_docs:,} documents"
    screen.line(f"A batch of {docs}, {batch.n_rows:,} pieces, took {duration(batch.seconds)}.")
    screen.line(f"An epoch at this rate, without evaluation: {duration(batch.seconds_per_epoch)}.")
    if batch.seconds_per_evaluation is not None:
        screen.line(f"An evaluation: {duration(batch.seconds_per_evaluation)}.")
    if batch.seconds_per_run is None:
        screen.line("The run goes on until patience ends it.")
    else:
        parts = f"{batch.n_steps:,} steps and {batch.n_evaluations:,} evaluations"
        screen.line(f"The run, {parts}: {duration(batch.seconds_per_run)}, unless patience ends it earlier.")
    if batch.memory_peak:
        screen.line(f"Memory in use at its peak: {size(batch.memory_peak)}.")
    if batch.memory_largest and batch.n_rows_largest > batch.n_rows:
        largest = f"{batch.n_rows_largest:,} pieces"
        screen.line(f"With the longest documents in one batch ({largest}): up to {size(batch.memory_largest)}.")
    screen.line(
        "This is one batch on this machine, as busy as it is now: times may be half or twice that, and memory is the\n"
        "process's own, estimated as growing with the pieces (weights do not: hence 'up to')."
    )


def print_findings(report: "TrainingReport") -> None:
    """Print problems and warnings, or that there are none."""
    screen.divider("Findings")
    for message in report.findings.warnings:
        screen.warn(message)
    for message in report.findings.problems:
        screen.bad(message)
    if report.findings.problems:
        return
    if all(counts.is_complete for counts in report.corpora.values()):
        screen.good("Nothing here would waste a training run")
    else:
        screen.good("Nothing that was looked at would waste a training run")
        screen.line(
            "Only some documents were looked at, so nothing is said of labels that are rare or missing. For that, "
            "leave out --limit."
        )


def count(number: int) -> str:
    return f"{number:,}"


def duration(seconds: float) -> str:
    """RETURNS (str): In the unit that fits."""
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def size(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:,.0f} MB" if n_bytes < 2**30 else f"{n_bytes / 2**30:,.1f} GB"
