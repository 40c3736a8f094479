"""A corpus as the pipeline will read it in training: what there is to encode, and what its heads can learn."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy
from spacy.language import Language
from spacy.pipeline import EntityRecognizer, SpanCategorizer, Tagger
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model

from ..layers.hat_model import get_shim
from ..packing import DocCounts, count_doc
from ..pipeline.head_checks import counts_for
from ..pipeline.head_counts import HeadCounts
from .sample import Sample


@dataclass(frozen=True)
class Encoding:
    """How a pipeline reads documents in training.

    model (Model): The HAT layer, with its weights.
    component (str): The component that has it.
    annotators (list[Callable]): What annotates documents before it, in training.
    """

    model: Model
    component: str
    annotators: list[Callable[[Doc], Doc]]

    def count(self, doc: Doc) -> DocCounts:
        """RETURNS (DocCounts): What becomes of a document, which is left as it is."""
        doc = doc.copy()
        for annotate in self.annotators:
            doc = annotate(doc)
        shim = get_shim(self.model)
        sizes = shim.encoder.config
        return count_doc(
            doc,
            shim.tokenizer,
            self.model.attrs["packer"],
            segment_length=sizes.segment_length,
            max_segments=sizes.max_segments,
        )


@dataclass(frozen=True)
class LostSpans:
    """Annotated spans of one document that equal no sentence.

    number (int): Of the document in its corpus, from 1.
    text (str): How the document begins.
    n_spans (int): Annotated spans.
    n_lost (int): Those that are ignored in training.
    example (str): One of these.
    """

    number: int
    text: str
    n_spans: int
    n_lost: int
    example: str


@dataclass
class CorpusCounts:
    """Everything that is counted in one corpus."""

    encoded: dict[str, list[DocCounts]] = field(default_factory=dict)
    """Component with an encoder -> what it makes of each document."""
    n_docs_in_all: int | None = None
    """Documents of the corpus, of which some may have been drawn; None if it has no end."""
    heads: dict[str, HeadCounts] = field(default_factory=dict)
    """Name of a text or span categorizer -> what there is for it."""
    labels: dict[str, Counter] = field(default_factory=dict)
    """Name of a component -> label -> how often it is annotated."""
    lost: dict[str, list[LostSpans]] = field(default_factory=dict)
    """Name of a span categorizer -> documents with spans that equal no sentence, the worst first."""
    texts: set = field(default_factory=set)
    """Hashes of the documents."""

    @property
    def docs(self) -> list[DocCounts]:
        """What the first encoder makes of each document."""
        return next(iter(self.encoded.values()), [])

    @property
    def is_complete(self) -> bool:
        """Whether every document was counted, so that what was not found is not there."""
        return self.n_docs_in_all == len(self.docs)

    @property
    def n_rows(self) -> int:
        """What is encoded, by all encoders: pieces, and a classifier piece for each segment."""
        return sum(rows_of(doc) for docs in self.encoded.values() for doc in docs)

    @property
    def n_pieces_cut(self) -> int:
        return sum(doc.n_pieces_cut for doc in self.docs)

    @property
    def n_without_sentences(self) -> int:
        return sum(doc.lacks_sentences for doc in self.docs)

    def fill(self, segment_length: int) -> float:
        """RETURNS (float): How full segments are on average, classifier pieces included; 0 if there are none."""
        n_segments = sum(doc.n_segments for doc in self.docs)
        return (sum(doc.n_pieces for doc in self.docs) / n_segments + 1) / segment_length if n_segments else 0.0


def rows_of(doc: DocCounts) -> int:
    """RETURNS (int): What is encoded of a document: pieces, and a classifier piece for each segment."""
    return doc.n_pieces + doc.n_segments - doc.n_pieces_cut


def count_corpus(
    nlp: Language, encodings: list[Encoding], corpus: Sample, notify: Callable[[int], None]
) -> CorpusCounts:
    """Read a corpus once.

    nlp (Language): The pipeline, which need not be initialized.
    encodings (list[Encoding]): How its encoders read documents.
    corpus (Sample): The corpus, or some of its documents.
    notify (Callable[[int], None]): Called with the number of documents so far.
    RETURNS (CorpusCounts): The counts.
    """
    counts = CorpusCounts({encoding.component: [] for encoding in encodings})
    for head_counts in counts_for(nlp):
        counts.heads[head_counts.head.name] = head_counts
        counts.labels[head_counts.head.name] = head_counts.labels
    others = {name: annotated for name, pipe in nlp.pipeline if (annotated := _labels_on_tokens(pipe)) is not None}
    counts.labels |= {name: Counter() for name in others}
    for n_read, (number, example) in enumerate(corpus.numbered(nlp), start=1):
        notify(n_read)
        for encoding in encodings:
            counts.encoded[encoding.component].append(encoding.count(example.predicted))
        counts.texts.add(hash(example.reference.text))
        for name, head_counts in counts.heads.items():
            _count_head(counts, name, head_counts, number, example)
        for name, annotated in others.items():
            counts.labels[name].update(annotated(example.reference))
    for name, lost in counts.lost.items():
        counts.lost[name] = sorted(lost, key=lambda doc: -doc.n_lost)
    counts.n_docs_in_all = corpus.n_docs_in_all
    return counts


def _count_head(counts: CorpusCounts, name: str, head_counts: HeadCounts, number: int, example: Example) -> None:
    n_spans, n_lost = head_counts.n_spans, len(head_counts.missed)
    head_counts.add(example)
    if not isinstance(head_counts.head, SpanCategorizer):
        return
    lost = head_counts.missed[n_lost:]
    worst = counts.lost.setdefault(name, [])
    if lost:
        begin = " ".join(example.reference.text[:60].split())
        worst.append(LostSpans(number, begin, head_counts.n_spans - n_spans, len(lost), lost[0]))


def _labels_on_tokens(pipe: object) -> Callable[[Doc], list[str]] | None:
    """RETURNS (Callable | None): The labels that a document has for a component which looks at tokens."""
    if isinstance(pipe, EntityRecognizer):
        return lambda doc: [ent.label_ for ent in doc.ents]
    if type(pipe) is Tagger:  # its subclasses have labels of other kinds
        return lambda doc: [token.tag_ for token in doc if token.tag_]
    return None


@dataclass(frozen=True)
class Spread:
    """How a number is spread over documents.

    bins (list[tuple[int, int, int]]): From, to, and how many documents; bounds included.
    """

    total: int
    mean: float
    median: float
    largest: int
    bins: list[tuple[int, int, int]]

    @classmethod
    def of(cls, values: Iterable[int], edges: Sequence[int]) -> "Spread":
        """Summarize numbers of at least 0; there may be none. See `bin_edges`."""
        numbers = numpy.array(list(values), dtype="int64")
        if not len(numbers):
            return cls(0, 0.0, 0.0, 0, [])
        filled = numpy.histogram(numbers, bins=numpy.array(edges, dtype="float64") - 0.5)[0].tolist()
        bins = [(low, past - 1, n) for low, past, n in zip(edges[:-1], edges[1:], filled, strict=True)]
        return cls(int(numbers.sum()), float(numbers.mean()), float(numpy.median(numbers)), int(numbers.max()), bins)


def bin_edges(values: Iterable[int]) -> list[int]:
    """Choose round bounds for bins: as wide as each other, or wider and wider where the range is large.

    values (Iterable[int]): The numbers, at least 0.
    RETURNS (list[int]): Where each bin starts, and one past the last.
    """
    numbers = list(values) or [0]
    least, most = min(numbers), max(numbers)
    rounds = [factor * 10**power for power in range(12) for factor in (1, 2, 5)]
    if most >= 20 * max(least, 1):
        below = [bound for bound in rounds if bound <= least] or [0]
        return [below[-1], *(bound for bound in rounds if least < bound <= most), _next(rounds, most)]
    width = next(width for width in rounds if (most - least) / width < 10)
    first = least // width * width
    return list(range(first, most + width + 1, width))


def _next(rounds: list[int], number: int) -> int:
    return next(bound for bound in rounds if bound > number)
