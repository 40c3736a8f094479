"""Where the time of `nlp.pipe` goes, from texts to annotated documents.

The functions between the stages are replaced by timed ones while the profile runs, in this process: nothing else may
use the package meanwhile. A stage costs about a microsecond, a few of them per document and batch.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import spacy.language
from spacy.language import Language
from thinc.api import Model

from ..layers.trf_interface import TransformerListener
from ..machine.clock import Stopwatch, finished_time
from ..modeling import HATModel
from ..packing import Packer, packer, pieces
from ..packing.packed_docs import PackedDocs
from ..pipeline.heads import encoders_of

STAGES = {
    "tokenise": "the tokenizer, from text to pieces and their offsets",
    "align": "from offsets to the tokens of each piece",
    "pack": "from pieces to segments, one run of them for the batch",
    "encoder": "the blocks, and the plan of their attention",
    "copy": "to tensors and back, and apart by document",
    "listener": "what a head takes of each document's output",
    "head": "components that listen to the encoder: their layers, and what they write on documents",
    "rest of spaCy": "its own tokenizer, sentences, batches, and every other component",
}
_READERS = ("transformer_source", "trfs2arrays")


@dataclass
class Profile:
    """One pass over documents.

    seconds (dict[str, float]): Wall time of each stage, in the order of STAGES.
    n_docs (int): Documents.
    n_words (int): spaCy tokens, which is what `spacy benchmark speed` calls words.
    n_pieces (int): Pieces that the encoder read, classifier pieces included.
    n_segments (int): Segments.
    n_padded (int): Pieces and padding, if each segment were padded to segment_length.
    n_padded_longest (int): The same, if each were padded to the longest of its batch.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    n_docs: int = 0
    n_words: int = 0
    n_pieces: int = 0
    n_segments: int = 0
    n_padded: int = 0
    n_padded_longest: int = 0

    @property
    def total(self) -> float:
        """RETURNS (float): Wall time of all stages together, in seconds."""
        return sum(self.seconds.values())

    @property
    def shares(self) -> dict[str, float]:
        """RETURNS (dict[str, float]): The part of the time that each stage took; they add up to 1."""
        return {stage: seconds / self.total for stage, seconds in self.seconds.items()}

    @property
    def share_outside_encoder(self) -> float:
        """RETURNS (float): The part of the time that was not spent in the encoder."""
        return 1.0 - self.shares["encoder"]

    def add_batch(self, packed: PackedDocs, segment_length: int) -> None:
        """Count a batch."""
        lengths = packed.segment_lengths
        self.n_pieces += len(packed.piece_ids)
        self.n_segments += len(lengths)
        self.n_padded += len(lengths) * segment_length
        self.n_padded_longest += len(lengths) * int(lengths.max(initial=0))

    def avoided(self, n_padded: int) -> float:
        """RETURNS (float): The part of so many padded pieces that was padding, and was never computed."""
        return 1.0 - self.n_pieces / n_padded if n_padded else 0.0


def profile_pipe(
    nlp: Language,
    texts: Iterable[str],
    *,
    batch_size: int | None = None,
    on_doc: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = finished_time,
) -> Profile:
    """Send texts through a pipeline.

    nlp (Language): A pipeline with a HAT encoder: the component itself, or one inside a head.
    texts (Iterable[str]): The documents.
    batch_size (int | None): Documents that components take at once; None: as the pipeline has it.
    on_doc (Callable): Called after each document, for a progress bar; its time counts for the rest.
    clock (Callable[[], float]): Tells the time, in seconds.
    RETURNS (Profile): What it took.
    RAISES (ValueError): If the pipeline has no HAT encoder.
    """
    profile = Profile(dict.fromkeys(STAGES, 0.0))
    watch = Stopwatch("rest of spaCy", clock)
    with _watched(nlp, watch, profile):
        for doc in nlp.pipe(texts, batch_size=batch_size):
            profile.n_docs += 1
            profile.n_words += len(doc)
            on_doc()
        watch.tick()
    profile.seconds |= watch.seconds
    return profile


def _nodes(component: Any) -> list[Model]:
    model = getattr(component, "model", None)
    return list(model.walk()) if isinstance(model, Model) else []


@contextmanager
def _watched(nlp: Language, watch: Stopwatch, profile: Profile) -> Iterator[None]:
    """Have every stage timed, and every batch counted."""
    encoders = encoders_of(nlp)
    if not encoders:
        raise ValueError(
            f"There is no HAT encoder to measure. Got a pipeline of {', '.join(nlp.pipe_names) or 'no components'}. "
            'Expected: a `hat` or `transformer` component with @architectures = "spacy-hat.HATModel.v1", or a head '
            'with "spacy-hat.HATTok2Vec.v1". For other pipelines there is `spacy benchmark speed`.'
        )
    heads = {name for name, component in nlp.pipeline if any(map(_reads_outputs, _nodes(component)))}
    original_pipe, original_pack = spacy.language._pipe, Packer.__call__

    def pipe(*args: Any, **kwargs: Any) -> Iterator[Any]:
        stage = "head" if kwargs["name"] in heads else "rest of spaCy"
        return watch.steps(stage, original_pipe(*args, **kwargs))

    def pack(self: Packer, *args: Any, segment_length: int, **kwargs: Any) -> PackedDocs:
        packed = original_pack(self, *args, segment_length=segment_length, **kwargs)
        profile.add_batch(packed, segment_length)
        return packed

    with ExitStack() as stack:
        for owner, name, replacement in (
            (spacy.language, "_pipe", pipe),
            (packer, "tokenize", watch.timed("tokenise", packer.tokenize)),
            (pieces, "align", watch.timed("align", pieces.align)),
            (Packer, "__call__", watch.timed("pack", pack)),
            (HATModel, "forward_packed", watch.timed("encoder", HATModel.forward_packed)),
            *((node, "_func", watch.timed("copy", node._func)) for node in (encoder.layer for encoder in encoders)),
            *((node, "_func", watch.timed("listener", node._func)) for node in _readers(nlp)),
        ):
            stack.enter_context(_replaced(owner, name, replacement))
        yield


def _readers(nlp: Language) -> list[Model]:
    return [node for _, component in nlp.pipeline for node in _nodes(component) if _reads_outputs(node)]


def _reads_outputs(node: Model) -> bool:
    return isinstance(node, TransformerListener) or node.name in _READERS


@contextmanager
def _replaced(owner: Any, name: str, replacement: Any) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)
