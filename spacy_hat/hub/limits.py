"""What a reader of a card should not expect of a pipeline, as far as its settings tell."""

from spacy.language import Language

from ..choices import Overflow
from ..pipeline.heads import Encoder, heads_of, labelled_by
from .markdown import code

OVERFLOWS: dict[Overflow, str] = {
    "window": "Longer documents are read in windows of so many segments, which do not see each other.",
    "truncate": "What comes behind them is not read.",
    "error": "Longer documents are an error.",
}


def limits_of(nlp: Language, encoders: list[Encoder], measured_on: str) -> list[str]:
    """Say what a pipeline does not do.

    nlp (Language): The pipeline.
    encoders (list[Encoder]): Its encoders.
    measured_on (str): The documents that its scores are of; empty if it has none.
    RETURNS (list[str]): Sentences in Markdown.
    """
    limits = [_reach(encoder) for encoder in encoders]
    if measured_on:
        limits.append(
            f"Its scores are of {code(measured_on)}, by which the training was stopped: on documents of another kind, "
            "time or origin expect less, and measure."
        )
    else:
        limits.append("Nothing was measured, or meta.json does not say: measure it before it decides anything.")
    sentence_heads = [head.name for head in heads_of(nlp) if labelled_by(head) == "spans"]
    if sentence_heads:
        limits.append(
            f"{', '.join(map(code, sentence_heads))} labels the spans that its suggester finds. A sentence whose "
            "boundaries are wrong has no label of its own."
        )
    limits.append("Its probabilities are what training made of them; nobody has compared them with frequencies.")
    limits.append("What its encoder learned from its texts, prejudices included, is still in it: see its own card.")
    return limits


def _reach(encoder: Encoder) -> str:
    """How long a document may be."""
    config, packer = encoder.shim.encoder.config, encoder.layer.attrs["packer"]
    most = getattr(config, "max_segments", None)
    if most is None:
        return f"{code(encoder.component)} reads segments of {config.segment_length} pieces, any number of them."
    return (
        f"{code(encoder.component)} reads up to {most:,} segments of {config.segment_length} pieces together: at most "
        f"{most * (config.segment_length - 1):,} pieces of words. {OVERFLOWS[packer.overflow]}"
    )
