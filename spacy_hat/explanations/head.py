"""A head of this package, taken apart into what reads a document and what decides."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints2d, Ragged

from ..layers.hat_model import get_shim
from ..layers.shim import HATShim
from ..layers.trf_interface import TransformerData
from ..modeling import HATModel
from ..modeling.stages import Stages
from .document import OneDocument


@dataclass(frozen=True)
class ExplainedHead:
    """What an explanation asks.

    encoder (Model): The `hat` layer: the head's own, or the one that it listens to.
    classifier (Model): From the encoder's output to scores.
    of_spans (bool): Whether it labels spans, rather than documents.
    """

    encoder: Model
    classifier: Model
    of_spans: bool

    @property
    def shim(self) -> HATShim:
        return get_shim(self.encoder)

    def staged(self, encoder: HATModel) -> Stages:
        """RETURNS (Stages): An encoder (the shim's, or its copy for predictions) for this head's purposes."""
        return encoder.staged(segments_only=self.segments_only, max_batch_pieces=self.shim.max_batch_pieces)

    @property
    def exclusive_classes(self) -> bool:
        """RETURNS (bool): Whether the scores of all labels sum to 1."""
        return next(node.attrs["exclusive_classes"] for node in self.classifier.walk() if node.name == "scores")

    @property
    def segments_only(self) -> bool:
        """RETURNS (bool): Whether the classifier reads segment vectors alone."""
        return not self.of_spans or self.shim.output == "segments"

    def read(self, doc: Doc, sentence_starts: np.ndarray) -> OneDocument:
        """Pack a document as the encoder does.

        doc (Doc): The document.
        sentence_starts (ndarray): (n_sentences,) first token of each sentence.
        RETURNS (OneDocument): Its pieces and segments.
        """
        shim = self.shim
        config = shim.encoder.config
        packed = self.encoder.attrs["packer"](
            [doc], shim.tokenizer, segment_length=config.segment_length, max_segments=config.max_segments
        )
        return OneDocument(packed, sentence_starts)


def classifier_input(head: ExplainedHead, outputs: list[TransformerData]) -> Any:
    """RETURNS (Any): What the classifier takes: one decision for each output, on the document or its made-up token."""
    if not head.of_spans:
        return outputs
    ops = head.classifier.ops
    spans = np.tile(np.array([[0, 1]], dtype="int32"), (len(outputs), 1))
    return outputs, Ragged(ops.asarray2i(cast(Ints2d, spans)), ops.asarray1i([1] * len(outputs)))


def scores_of(head: ExplainedHead, outputs: list[TransformerData]) -> np.ndarray:
    """RETURNS (ndarray): (n_outputs, n_labels) float32, what the classifier makes of each, on the host."""
    scores = head.classifier.predict(classifier_input(head, outputs))
    return cast(np.ndarray, head.classifier.ops.to_numpy(scores))
