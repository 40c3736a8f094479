"""A head of this package, taken apart into what reads a document and what decides."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints1d, Ints2d, Ragged

from ..layers.hat_model import get_shim
from ..layers.shim import HATShim
from ..layers.trf_interface import TransformerData
from ..modeling import HATModel
from ..modeling.stages import Stages
from ..ragged import ranges, starts_of
from .cells import Cells
from .document import OneDocument
from .words import BesideWords


@dataclass(frozen=True)
class ExplainedHead:
    """What an explanation asks.

    encoder (Model): The `hat` layer: the head's own, or the one that it listens to.
    classifier (Model): From the encoder's output to scores; with words beside it, to log-odds.
    of_spans (bool): Whether it labels spans, rather than documents.
    has_chain (bool): Whether it labels all spans of a document together.
    beside (BesideWords | None): The words that decide with it, if any do.
    """

    encoder: Model
    classifier: Model
    of_spans: bool
    has_chain: bool = False
    beside: BesideWords | None = None

    @property
    def shim(self) -> HATShim:
        return get_shim(self.encoder)

    def staged(self, encoder: HATModel) -> Stages:
        """RETURNS (Stages): An encoder (the shim's, or its copy for predictions) for this head's purposes."""
        return encoder.staged(segments_only=self.segments_only, max_batch_pieces=self.shim.max_batch_pieces)

    @property
    def exclusive_classes(self) -> bool:
        """RETURNS (bool): Whether the scores of all labels sum to 1."""
        if self.beside is not None:
            return self.beside.exclusive_classes
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


def classifier_input(head: ExplainedHead, cells: list[Cells], outputs: list[TransformerData]) -> Any:
    """RETURNS (Any): What the classifier takes: the outputs, and for a head of spans their made-up tokens."""
    if not head.of_spans:
        return outputs
    ops = head.classifier.ops
    n_spans = np.array([len(own.lengths) for own in cells])
    starts = ranges(np.zeros_like(n_spans), n_spans)
    spans = np.stack([starts, starts + 1], axis=1).astype("int32")
    return outputs, Ragged(ops.asarray2i(cast(Ints2d, spans)), ops.asarray1i(cast(Ints1d, n_spans.astype("int32"))))


def scores_of(head: ExplainedHead, cells: list[Cells], outputs: list[TransformerData]) -> np.ndarray:
    """Decide.

    head (ExplainedHead): The head.
    cells (list[Cells]): (n_outputs,) what was chosen of each output.
    outputs (list[TransformerData]): (n_outputs,) the same, filled.
    RETURNS (ndarray): (n_outputs, n_labels) float32, what the classifier makes of each document, or of the span in it
        that was asked about, on the host: scores, or with words beside it, log-odds.
    """
    scores = cast(
        np.ndarray, head.classifier.ops.to_numpy(head.classifier.predict(classifier_input(head, cells, outputs)))
    )
    if not head.of_spans:
        return scores
    asked = starts_of(np.array([len(own.lengths) for own in cells])) + [own.asked for own in cells]
    return scores[asked]
