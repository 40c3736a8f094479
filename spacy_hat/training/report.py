"""What `debug` found, as objects and as plain values."""

from dataclasses import asdict, dataclass, field
from typing import Any

from .corpus_counts import CorpusCounts, Spread, bin_edges
from .findings import Findings
from .timed_batch import TimedBatch

N_WORST = 5
"""Documents to name, of those whose spans equal no sentence."""


@dataclass
class TrainingReport:
    """All that was found.

    encoder (dict[str, Any]): What reads the documents, by the names of its settings; empty if it cannot be loaded.
    corpora (dict[str, CorpusCounts]): Name -> counts.
    batch (TimedBatch | None): One step of training, unless something stood in its way.
    findings (Findings): Problems and warnings.
    """

    encoder: dict[str, Any] = field(default_factory=dict)
    corpora: dict[str, CorpusCounts] = field(default_factory=dict)
    batch: TimedBatch | None = None
    findings: Findings = field(default_factory=Findings)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The same in plain values."""
        # The same bins for all corpora, so that they can be compared.
        docs = [doc for counts in self.corpora.values() for doc in counts.docs]
        bins = {name: bin_edges(getattr(doc, f"n_{name}") for doc in docs) for name in ("pieces", "segments")}
        return {
            "encoder": self.encoder,
            "corpora": {
                name: describe(counts, self.encoder["segment_length"], bins) for name, counts in self.corpora.items()
            },
            "batch": self.batch and asdict(self.batch),
            **asdict(self.findings),
        }


def describe(counts: CorpusCounts, segment_length: int, bins: dict[str, list[int]]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): A corpus in plain values."""
    docs = counts.docs
    return {
        "n_docs": len(docs),
        "n_tokens": sum(doc.n_tokens for doc in docs),
        "pieces": asdict(Spread.of((doc.n_pieces for doc in docs), bins["pieces"])),
        "segments": asdict(Spread.of((doc.n_segments for doc in docs), bins["segments"])),
        "segment_fill": counts.fill(segment_length),
        "n_windows": sum(doc.n_windows for doc in docs),
        "n_docs_in_several_windows": sum(doc.n_windows > 1 for doc in docs),
        "n_pieces_cut": counts.n_pieces_cut,
        "n_docs_without_sentences": counts.n_without_sentences,
        "n_sentences": sum(doc.n_sentences for doc in docs),
        "n_sentences_longer_than_a_segment": sum(doc.n_sentences_cut for doc in docs),
        "labels": {name: dict(labels.most_common()) for name, labels in counts.labels.items()},
        "spans": {
            name: {
                "n_spans": head.n_spans,
                "equal_a_sentence": 1 - len(head.missed) / head.n_spans,
                "worst_docs": [asdict(doc) for doc in counts.lost.get(name, [])[:N_WORST]],
            }
            for name, head in counts.heads.items()
            if head.n_spans
        },
    }
