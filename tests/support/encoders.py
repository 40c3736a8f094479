"""The encoder as a layer of a pipeline, and the bridge to PyTorch alone: ready to run, and what they run on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
import spacy
from spacy.tokens import Doc
from spacy_transformers.data_classes import FullTransformerBatch
from thinc.api import Model
from thinc.types import Floats3d

from spacy_hat.architectures import hat_model_v1
from spacy_hat.layers.shim import HATShim
from spacy_hat.modeling import HATModel, PackedInputs, load_tokenizer

NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")
LONG = "the appeal was dismissed. costs follow. " * 8
TEXTS = ["the court held that. hello world. costs follow.", "", LONG, " ", "hello"]
# Pieces of each segment, segments of each window.
LENGTHS = [12, 3, 7, 12, 1, 5, 12, 9]
WINDOWS = [5, 3]


def make_docs(texts: Iterable[str] = TEXTS) -> list[Doc]:
    return [NLP(text) for text in texts]


def make_model(name: str | Path, **settings: Any) -> Model[list[Doc], FullTransformerBatch]:
    """RETURNS (Model): The encoder of a checkpoint, initialized."""
    model = hat_model_v1(str(name), **settings)
    model.initialize(X=[Doc(NLP.vocab, words=["hello"])])
    return model


def hidden_of(batch: FullTransformerBatch) -> list[Floats3d]:
    """RETURNS (list[Floats3d]): (n_segments, longest segment, hidden_size) of each document with output."""
    return [cast(Floats3d, data.tensors[0]) for data in batch.doc_data if data.tensors]


def make_inputs(seed: int = 0) -> PackedInputs:
    lengths, windows = np.array(LENGTHS), np.array(WINDOWS)
    return PackedInputs(
        piece_ids=np.random.default_rng(seed).integers(5, 100, size=lengths.sum()),
        segment_lengths=lengths,
        window_lengths=windows,
        segment_positions=np.concatenate([np.arange(n) for n in windows]),
    )


def make_shim(folder: Path, *, config: dict[str, Any] | None = None, **settings: Any) -> HATShim:
    shim = HATShim(**settings)
    shim.load(HATModel.from_pretrained(folder, **(config or {})), load_tokenizer(folder))
    return shim
