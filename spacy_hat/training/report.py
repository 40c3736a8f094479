"""What `debug` found, as data: the printer takes it as it is, and `--json` writes it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from .corpus_counts import CorpusCounts, LostSpans, Spread, bin_edges
from .findings import Findings
from .timed_batch import TimedBatch

N_WORST = 5
"""Documents to name, of those whose spans equal no sentence."""


@dataclass(frozen=True)
class EncoderReport:
    """What reads the documents, by the names of its settings."""

    component: str
    name: str | None
    layout: str
    segment_length: int
    max_segments: int | None
    packing: str
    overflow: str
    output: str


@dataclass(frozen=True)
class SpansReport:
    """Annotated spans of one component.

    n_spans (int): Those that could be compared with sentences.
    equal_a_sentence (float): The share of them that does.
    worst_docs (list[LostSpans]): Documents with the most that do not.
    """

    n_spans: int
    equal_a_sentence: float
    worst_docs: list[LostSpans]


@dataclass(frozen=True)
class CorpusReport:
    """A corpus in numbers. `n_docs_in_all` is None for a corpus without end."""

    n_docs: int
    n_docs_in_all: int | None
    n_tokens: int
    pieces: Spread
    segments: Spread
    segment_fill: float
    n_windows: int
    n_docs_in_several_windows: int
    n_pieces_cut: int
    n_docs_without_sentences: int
    n_sentences: int
    n_sentences_longer_than_a_segment: int
    labels: dict[str, dict[str, int]]
    spans: dict[str, SpansReport]


@dataclass
class TrainingReport:
    """All that was found.

    encoder (EncoderReport | None): The first encoder; None if it cannot be loaded.
    corpora (dict[str, CorpusCounts]): Name -> counts.
    batch (TimedBatch | None): One step of training, unless something stood in its way.
    findings (Findings): Problems and warnings.
    """

    encoder: EncoderReport | None = None
    corpora: dict[str, CorpusCounts] = field(default_factory=dict)
    batch: TimedBatch | None = None
    findings: Findings = field(default_factory=Findings)

    def corpus_reports(self) -> dict[str, CorpusReport]:
        """RETURNS (dict[str, CorpusReport]): Each corpus in numbers, in bins of the same bounds for all."""
        docs = [doc for counts in self.corpora.values() for doc in counts.docs]
        pieces, segments = (bin_edges(getattr(doc, name) for doc in docs) for name in ("n_pieces", "n_segments"))
        length = self.encoder.segment_length if self.encoder else 1
        return {name: describe(counts, length, pieces, segments) for name, counts in self.corpora.items()}

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The same in plain values."""
        return {
            "encoder": asdict(self.encoder) if self.encoder else {},
            "corpora": {name: asdict(corpus) for name, corpus in self.corpus_reports().items()},
            "batch": self.batch and asdict(self.batch),
            "problems": self.findings.problems,
            "warnings": self.findings.warnings,
        }


def describe(counts: CorpusCounts, segment_length: int, pieces: list[int], segments: list[int]) -> CorpusReport:
    """Put a corpus into numbers.

    counts (CorpusCounts): What was counted.
    segment_length (int): Of the encoder.
    pieces (list[int]): Bounds of the bins for pieces of a document.
    segments (list[int]): For its segments.
    RETURNS (CorpusReport): The numbers.
    """
    docs = counts.docs
    return CorpusReport(
        n_docs=len(docs),
        n_docs_in_all=counts.n_docs_in_all,
        n_tokens=sum(doc.n_tokens for doc in docs),
        pieces=Spread.of((doc.n_pieces for doc in docs), pieces),
        segments=Spread.of((doc.n_segments for doc in docs), segments),
        segment_fill=counts.fill(segment_length),
        n_windows=sum(doc.n_windows for doc in docs),
        n_docs_in_several_windows=sum(doc.n_windows > 1 for doc in docs),
        n_pieces_cut=counts.n_pieces_cut,
        n_docs_without_sentences=counts.n_without_sentences,
        n_sentences=sum(doc.n_sentences for doc in docs),
        n_sentences_longer_than_a_segment=sum(doc.n_sentences_cut for doc in docs),
        labels={name: dict(labels.most_common()) for name, labels in counts.labels.items()},
        spans={
            name: SpansReport(head.n_spans, 1 - len(head.missed) / head.n_spans, counts.lost.get(name, [])[:N_WORST])
            for name, head in counts.heads.items()
            if head.n_spans
        },
    )
