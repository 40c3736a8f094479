"""Where the time of `nlp.pipe` goes, from texts to annotated documents.

The stages mark themselves (machine/clock); here somebody holds a stopwatch. A component is sent the documents by
`nlp.pipe` with the others disabled, one such stream behind the other: what the whole of it does, with a mark between.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from spacy.language import Language
from spacy.tokens import Doc

from ..layers.trf_interface import Transformer
from ..machine.clock import Stopwatch, finished_time, steps
from ..pipeline.heads import encoder_of, encoders_of, upstream_of

STAGES = {
    "tokenise": "the tokenizer, from text to pieces and their offsets",
    "align": "from offsets to the tokens of each piece",
    "pack": "from pieces to segments, one run of them for the batch",
    "encoder": "the blocks, and the plan of their attention",
    "copy": "to tensors and back, and apart by document",
    "listener": "what a head of this package takes of each document's output",
    "head": "components that read the encoder: their layers, and what they write on documents",
    "rest of spaCy": "its own tokenizer, sentences, batches, and every other component",
}


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
    check_encoder(nlp)
    readers = {name for name in nlp.pipe_names if upstream_of(nlp, name) or _hat_inside_a_head(nlp, name)}
    watch = Stopwatch("rest of spaCy", clock)
    n_docs = n_words = 0
    with watch.held():
        docs: Iterable[Doc] = steps("rest of spaCy", nlp.pipe(texts, disable=nlp.pipe_names))
        for name in nlp.pipe_names:
            others = [other for other in nlp.pipe_names if other != name]
            docs = nlp.pipe(docs, disable=others, batch_size=batch_size)
            docs = steps("head" if name in readers else "rest of spaCy", docs)
        for doc in docs:
            n_docs += 1
            n_words += len(doc)
            on_doc()
        watch.tick()
    amounts = watch.amounts
    return Profile(
        seconds=dict.fromkeys(STAGES, 0.0) | watch.seconds,
        n_docs=n_docs,
        n_words=n_words,
        n_pieces=amounts["pieces"],
        n_segments=amounts["segments"],
        n_padded=amounts["padded"],
        n_padded_longest=amounts["padded_longest"],
    )


def check_encoder(nlp: Language) -> None:
    """RAISES (ValueError): If a pipeline has no HAT encoder to measure."""
    if not encoders_of(nlp):
        raise ValueError(
            f"There is no HAT encoder to measure. Got a pipeline of {', '.join(nlp.pipe_names) or 'no components'}. "
            'Expected: a `hat` or `transformer` component with @architectures = "spacy-hat.HATModel.v1", or a head '
            'with "spacy-hat.HATTok2Vec.v1". For other pipelines there is `spacy benchmark speed`.'
        )


def _hat_inside_a_head(nlp: Language, name: str) -> bool:
    return encoder_of(nlp, name) is not None and not isinstance(nlp.get_pipe(name), Transformer)
