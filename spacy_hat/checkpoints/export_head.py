"""A pipeline's encoder and one of its heads become a checkpoint of Hugging Face's kind, with the same probabilities."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from thinc.api import Model

from ..choices import HeadKind, Labelled
from ..layers.hat_model import get_shim
from ..modeling.published_head import PublishedHead, write_head
from ..modeling.start.cards import head_card
from ..pipeline.heads import Encoder, Head, encoder_of, encoders_of, has_chain, has_words, heads_of, labelled_by
from ..pipeline.sentence_suggester import SentenceSuggester
from ..processing import HATProcessor
from ..processing.of_pipeline import processor_of, rule_components
from .asking import asking_heads, published_asking_head
from .head_weights import DENSE, NEVER, get_parameters, pooling_of
from .import_head import MULTI, NEGATIVE_LABEL, SINGLE

KINDS: dict[Labelled, HeadKind] = {"documents": "documents", "spans": "segments"}


@dataclass
class Exported:
    """A head as files hold it, and the encoder that it reads.

    component (str): Name of the head's component.
    head (PublishedHead): The head.
    encoder_layer (Model): The `hat` layer.
    processor (HATProcessor): What cuts documents into segments as the pipeline does.
    licence (str): That of the pipeline, by its meta.json; empty if there is none.
    notes (list[str]): What a checkpoint has no place for.
    """

    component: str
    head: PublishedHead
    encoder_layer: Model
    processor: HATProcessor
    licence: str
    notes: list[str]

    def to_disk(self, folder: Path) -> None:
        """Write the checkpoint, its processor and a model card into a folder that is there."""
        shim = get_shim(self.encoder_layer)
        write_head(folder, self.head, shim.encoder, shim.tokenizer)
        self.processor.save_pretrained(folder)
        card = head_card(shim.encoder, self.head, self.licence)
        (folder / "README.md").write_text(card, encoding="utf8")


NO_WORDS = (
    "Words beside the encoder were left behind, as no published head has any: scores of the checkpoint are those of "
    "the encoder alone, which learned by itself."
)


def export_checkpoint(nlp: Language, component: str | None = None) -> Exported:
    """Make a published head of a text or span categorizer, or of what answers questions or chooses.

    nlp (Language): A trained pipeline.
    component (str | None): Name of the component; None: the only one there is.
    RETURNS (Exported): The head and its encoder, to be written.
    RAISES (ValueError): If there is no such component, or no published head is equal to it; says why.
    """
    asking = asking_heads(nlp)
    if component in asking or (component is None and len(asking) == 1 and not any(map(labelled_by, heads_of(nlp)))):
        return _export_asking(nlp, asking[component or next(iter(asking))])
    pipe = _choose(nlp, component)
    labelled = labelled_by(pipe)
    if labelled is None:
        raise ValueError(
            f"Component '{pipe.name}' cannot be exported: its model is {pipe.model.name!r}, expected "
            "spacy-hat.DocumentClassifier.v1 or spacy-hat.SpanClassifier.v1. No published head computes what others do."
        )
    if has_chain(pipe):
        raise ValueError(
            f"Component '{pipe.name}' cannot be exported: its chain labels the sentences of a document together, a "
            "published head each by itself. Got: spacy-hat.SentenceChain.v1. Expected: spacy-hat.SpanClassifier.v1. "
            "Export the pipeline as it was before `spacy hat calibrate`, or train one with that head."
        )
    found, kind = _encoder_of(nlp, pipe), KINDS[labelled]
    encoder = found.layer
    weights = get_parameters(pipe.model, kind)
    notes = [NO_WORDS] if has_words(pipe) else []
    if kind == "segments":
        notes += _fold_spans(pipe, encoder, weights)
    labels, more = _labels(pipe, weights)
    exclusive = next(layer.attrs["exclusive_classes"] for layer in pipe.model.walk() if layer.name == "scores")
    head = PublishedHead(
        kind=kind,
        labels=labels,
        problem_type=SINGLE if exclusive else MULTI,
        weights=weights,
        pooling=pooling_of(pipe.model) if kind == "documents" else "max",
        dropout=pipe.model.get_ref("hidden").attrs["dropout"],
    )
    processor, not_read = processor_of(nlp, found)
    read_so = [] if processor.reading.sentences is None else rule_components(nlp, found)
    notes += [*more, *_left_behind(nlp, pipe, encoder, head, read_so), *not_read]
    return Exported(pipe.name, head, encoder, processor, nlp.meta.get("license") or "", notes)


def _export_asking(nlp: Language, pipe: Any) -> Exported:
    encoder = _encoder_of(nlp, pipe)
    head, notes = published_asking_head(pipe)
    processor, not_read = processor_of(nlp, encoder)
    notes += [*_left_behind(nlp, pipe, encoder.layer, head, []), *not_read]
    return Exported(pipe.name, head, encoder.layer, processor, nlp.meta.get("license") or "", notes)


def _choose(nlp: Language, component: str | None) -> Head:
    heads = {pipe.name: pipe for pipe in heads_of(nlp)}
    if component is not None and component not in heads:
        raise ValueError(
            f"The pipeline has no text or span categorizer '{component}'. Got: {', '.join(nlp.pipe_names)}. Expected: "
            f"{' or '.join(heads) or 'one of them'}. Correct the name."
        )
    ours = [pipe for pipe in heads.values() if labelled_by(pipe)]
    if component is not None:
        return heads[component]
    if len(ours) != 1:
        found = ", ".join(pipe.name for pipe in ours) or "none"
        raise ValueError(
            f"A checkpoint has one head. Got: {found}, among {', '.join(nlp.pipe_names) or 'no components'}. Expected: "
            f"one categorizer with a head of spacy-hat. {'Name it with --component.' if ours else 'Train one.'}"
        )
    return ours[0]


def _encoder_of(nlp: Language, pipe: Head) -> Encoder:
    """The HAT that a head reads: inside it, or that of the component it listens to."""
    encoder = encoder_of(nlp, pipe.name)
    if encoder is None:
        raise ValueError(
            f"Component '{pipe.name}' reads no HAT. Got: a pipeline of {', '.join(nlp.pipe_names)}. Expected: a `hat` "
            "or `transformer` component with spacy-hat.HATModel.v1 before it, not disabled or excluded."
        )
    return encoder


def _fold_spans(pipe: Head, encoder: Model, weights: dict[str, numpy.ndarray]) -> list[str]:
    """Make the dense layer of a span head one that reads segment vectors alone. Changes the weights."""
    assert isinstance(pipe, SpanCategorizer)
    packing, output = encoder.attrs["packer"].packing, get_shim(encoder).output
    if packing != "sentences" or not isinstance(pipe.suggester, SentenceSuggester):
        raise ValueError(
            f"Component '{pipe.name}' cannot be exported: a published head labels segments, and its spans are "
            f"not segments. Got: packing = {packing!r}, and a suggester of {type(pipe.suggester).__name__}. Expected: "
            "packing = 'sentences' and spacy-hat.sentence_suggester.v1. Train it so."
        )
    name = f"{DENSE['segments']}.weight"
    for_segments, for_pieces = numpy.split(weights[name], 2, axis=1)
    if not for_pieces.any():
        weights[name] = for_segments
        return []
    if output != "segments":
        raise ValueError(
            f"Component '{pipe.name}' cannot be exported: it reads the pieces of each sentence beside its segment, a "
            "published head the segment alone. Got: output = 'pieces' in the encoder. Expected: 'segments', where the "
            "two are the same vector and their weights add up. Train it with that."
        )
    weights[name] = for_segments + for_pieces
    return [
        "The dense layer's halves for segments and for the segments of tokens were added up: the same vector for any "
        "sentence that fits into one segment."
    ]


def _labels(pipe: Head, weights: dict[str, numpy.ndarray]) -> tuple[list[str], list[str]]:
    """The labels of the classifier's rows, and a note. A negative label that can never be given loses its row."""
    labels = list(pipe.labels)
    if not (isinstance(pipe, SpanCategorizer) and pipe.add_negative_label):
        return labels, []
    weight, bias = weights["classifier.weight"], weights["classifier.bias"]
    if not weight[-1].any() and bias[-1] <= NEVER / 2:
        weights["classifier.weight"], weights["classifier.bias"] = weight[:-1], bias[:-1]
        return labels, []
    if NEGATIVE_LABEL in labels:
        raise ValueError(
            f"Component '{pipe.name}' has a label {NEGATIVE_LABEL!r}, which is what its negative label would be called "
            "in the checkpoint. Rename yours."
        )
    return [*labels, NEGATIVE_LABEL], [f"The negative label is the last one of the checkpoint, {NEGATIVE_LABEL!r}."]


def _left_behind(nlp: Language, pipe: Head, encoder: Model, head: PublishedHead, read_so: list[str]) -> list[str]:
    """What the user may rely on, and will not find in the checkpoint, whose processor has the components `read_so`."""
    taken = {
        pipe.name,
        *read_so,
        *(of_pipeline.component for of_pipeline in encoders_of(nlp) if of_pipeline.layer is encoder),
    }
    others = [name for name in nlp.pipe_names if name not in taken]
    settings: dict[str, Any] = dict(pipe.cfg)
    kept = [f"{name} = {value!r}" for name, value in settings.items() if name not in ("labels", "positive_label")]
    notes = [f"Left behind, as a checkpoint has no place for them: {', '.join(kept)}."] if kept else []
    if others:
        notes.append(f"Components left behind: {', '.join(others)}.")
    notes.append("What cuts documents into segments as the pipeline does is in processor_config.json (HATProcessor).")
    if head.pooling == "mean":
        notes.append("Pooling by mean is spacy-hat's own: the published code would take the maximum without a word.")
    return notes
