"""The processor of a pipeline: what of its reading and packing a file can hold."""

from copy import deepcopy
from typing import Any

from spacy.language import Language
from spacy.pipeline import Sentencizer

from ..packing import Packer
from ..pipeline.heads import Encoder, encoders_of
from ..pipeline.units import SETTINGS, HATUnits
from .documents import before_encoder
from .processor import HATProcessor
from .reading import SENTENCIZER, UNITS, Reading

OF_SENTENCES = {"token.is_sent_start", "token.sent_start", "doc.sents", "token.sent"}


def processor_of(nlp: Language, encoder: Encoder | None = None) -> tuple[HATProcessor, list[str]]:
    """Make a processor that packs as a pipeline does.

    nlp (Language): The pipeline.
    encoder (Encoder | None): Which of its HATs; None: the only one there is.
    RETURNS (tuple[HATProcessor, list[str]]): The processor, and what of the pipeline it does not have.
    RAISES (ValueError): If there is not one HAT.
    """
    found = encoders_of(nlp)
    if encoder is None and len(found) != 1:
        raise ValueError(
            f"A processor packs for one HAT. Got: {len(found)} in a pipeline of {', '.join(nlp.pipe_names)}. Expected: "
            "one, or to be told which."
        )
    encoder = found[0] if encoder is None else encoder
    config, packer = encoder.shim.encoder.config, encoder.layer.attrs["packer"]
    reading, notes = reading_of(nlp, encoder, packer)
    processor = HATProcessor(
        deepcopy(encoder.shim.tokenizer),  # saving a processor writes its name into the tokenizer
        segment_length=config.segment_length,
        max_segments=config.max_segments,
        packing=packer.packing,
        overflow=packer.overflow,
        lang=reading.lang,
        sentences=reading.sentences,
    )
    return processor, notes


def reading_of(nlp: Language, encoder: Encoder, packer: Packer) -> tuple[Reading, list[str]]:
    """RETURNS (tuple[Reading, list[str]]): How a pipeline reads texts, and what of that no file can hold."""
    notes = []
    lang: str | None = nlp.lang
    if not _has_plain_tokenizer(nlp):
        lang = None
        notes.append(
            f"The tokenizer of the pipeline is not that of spacy.blank({nlp.lang!r}): HATProcessor takes spaCy Docs, "
            "or texts with nlp=spacy.load(PIPELINE)."
        )
    rules: tuple[dict[str, Any], ...] | None = ()
    for name, component in before_encoder(nlp, encoder.component):
        rule = _rule(component)
        if rule is not None and rules is not None:
            rules = (*rules, rule)
        elif rule is None and _may_set_sentences(nlp, name):
            rules = None
    if rules is None and packer.packing != "fixed":
        notes.append(
            "Sentences are found by a component that no file of the checkpoint can hold: HATProcessor takes "
            "sentences=[...], spaCy Docs, or texts with nlp=spacy.load(PIPELINE)."
        )
    return Reading(lang, rules), notes


def rule_components(nlp: Language, encoder: Encoder) -> list[str]:
    """RETURNS (list[str]): Names of the components that find sentences by rules that a file can hold."""
    return [name for name, component in before_encoder(nlp, encoder.component) if _rule(component) is not None]


def _rule(component: Any) -> dict[str, Any] | None:
    if isinstance(component, HATUnits):
        return {"component": UNITS, **{name: getattr(component, name) for name in SETTINGS}}
    if type(component) is Sentencizer:
        plain = component.punct_chars == set(Sentencizer.default_punct_chars)
        marks = None if plain else sorted(component.punct_chars)
        return {"component": SENTENCIZER, "punct_chars": marks, "overwrite": bool(component.overwrite)}
    return None


def _may_set_sentences(nlp: Language, name: str) -> bool:
    """Whether a component says that it does, or says nothing of what it does."""
    assigns = set(nlp.get_pipe_meta(name).assigns)
    return not assigns or bool(assigns & OF_SENTENCES)


def _has_plain_tokenizer(nlp: Language) -> bool:
    plain: Any = nlp.__class__().tokenizer
    own: Any = nlp.tokenizer
    if type(plain) is not type(own):
        return False
    if not hasattr(own, "to_bytes"):
        return True
    return own.to_bytes(exclude=["vocab"]) == plain.to_bytes(exclude=["vocab"])
