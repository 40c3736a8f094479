"""What the pipelines share: a document becomes windows, which may be encoded in batches, and one answer in the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from spacy.tokens import Doc
from torch import Tensor
from transformers.pipelines.base import ChunkPipeline

from ..modeling.files.pipeline_tasks import advice, check_trained
from ..modeling.files.tokenizer import check_vocabulary
from ..modeling.pipeline_guard import is_hat
from ..packing import PackedDocs
from ..processing import HATProcessor


@dataclass(frozen=True)
class ReadDocument:
    """A document on its way through a pipeline.

    doc (Doc): Its words and sentences.
    packed (PackedDocs): Its segments.
    """

    doc: Doc
    packed: PackedDocs
    extra: dict[str, Any] = field(default_factory=dict)


class HATPipeline(ChunkPipeline):
    """Reads documents of any length as a spaCy pipeline does.

    model (HATPreTrainedModel): A HAT with a head.
    processor (HATProcessor | None): What cuts documents into segments; None: that of the model's folder, or one with
        the tokenizer.
    tokenizer (PreTrainedTokenizerBase | str | None): The tokenizer, in place of the processor's own.
    **options: As of transformers' pipelines, such as device and batch_size, which counts windows.
    """

    _load_processor = True
    _load_tokenizer = False
    _load_feature_extractor = False
    _load_image_processor = False
    _load_video_processor = False
    head: str
    task_name: str

    def __init__(self, model: Any, processor: Any = None, tokenizer: Any = None, **options: Any) -> None:
        self.check_head(model)
        processor = find_processor(model, processor, tokenizer)
        super().__init__(model=model, tokenizer=processor.tokenizer, processor=processor, **options)
        self.model.eval()

    def check_head(self, model: Any) -> None:
        """RAISES (ValueError): If a model has not the head that this pipeline is for, or one that learned nothing."""
        if not (is_hat(model) and type(model).__name__.endswith(self.head.removeprefix("HAT"))):
            raise ValueError(
                f"pipeline({self.task_name!r}) reads a {self.head}. Got: a {type(model).__name__}. Expected: a model "
                f"with that head. {advice(type(model).__name__)}"
            )
        check_trained(model, self.task_name)

    def preprocess(self, inputs: Any, **read: Any) -> Iterator[dict[str, Any]]:
        """YIELDS (dict[str, Any]): The windows of a document, (1, n_slots) each."""
        given = inputs if isinstance(inputs, Mapping) else {"text": inputs}
        docs = self.processor.read(**{**read, **given})
        if len(docs) != 1:
            raise ValueError(f"Got {len(docs)} documents as one. Expected: a list with an entry for each document.")
        packed = self.processor.pack(docs)
        document = self.look(ReadDocument(docs[0], packed))
        rows = self.processor.pad_windows(packed)
        n_rows = len(rows.documents)
        for row in range(n_rows):
            yield {
                "input_ids": torch.from_numpy(rows.input_ids[row : row + 1]),
                "attention_mask": torch.from_numpy(rows.attention_mask[row : row + 1]),
                "document": document,
                "is_last": row == n_rows - 1,
            }

    def look(self, document: ReadDocument) -> ReadDocument:
        """RETURNS (ReadDocument): The document, if it is what this pipeline takes."""
        return document

    def vectors(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): (n_rows, n, hidden_size) for the head; (n_rows, n) bool, which count."""
        hidden, _ = self.model.encode(input_ids, attention_mask)
        return self.model.segments(hidden, attention_mask)

    def _forward(self, model_inputs: dict[str, Any], **_: Any) -> dict[str, Any]:
        vectors, counts = self.vectors(model_inputs["input_ids"], model_inputs["attention_mask"])
        kept = {name: model_inputs[name] for name in ("document", "is_last")}
        return {"vectors": vectors, "counts": counts, **kept}

    def joined(self, windows: list[dict[str, Any]]) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): (1, n, hidden_size) and (1, n) bool, the windows of a document in order."""
        parts = [torch.cat([window[name] for window in windows], dim=1) for name in ("vectors", "counts")]
        return parts[0].to(self.model.device), parts[1].to(self.model.device)

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:
        """Save the model and the processor. No code is written beside them."""
        self.model.save_pretrained(save_directory, **options)
        self.processor.save_pretrained(save_directory)


def find_processor(model: Any, processor: Any, tokenizer: Any) -> HATProcessor:
    """RETURNS (HATProcessor): What was given, or what belongs to a model. RAISES (ValueError): If it does not fit."""
    config = model.config
    sizes = {"segment_length": config.segment_length, "max_segments": config.max_segments}
    if processor is None or isinstance(processor, (str, Path)):
        own = {} if tokenizer is None or isinstance(tokenizer, (str, Path)) else {"tokenizer": tokenizer}
        named = [processor, tokenizer if isinstance(tokenizer, (str, Path)) else None, config.name_or_path]
        name = next((name for name in named if name), None)
        if name is None and not own:
            raise ValueError(
                "The pipeline has no processor. Got: a model that came from no folder, and neither processor nor "
                "tokenizer. Expected: processor=HATProcessor(tokenizer, segment_length=..., max_segments=...)."
            )
        version = getattr(config, "_commit_hash", None)
        hub = {"revision": version} if version and not Path(str(name)).is_dir() else {}
        processor = HATProcessor(**own, **sizes) if name is None else HATProcessor.from_pretrained(name, **own, **hub)
    if not isinstance(processor, HATProcessor):
        raise ValueError(
            f"The processor is a {type(processor).__name__}, expected a HATProcessor. Load it with "
            "HATProcessor.from_pretrained."
        )
    differing = [f"{name} = {getattr(processor, name)}, the model {size}" for name, size in sizes.items()]
    if any(getattr(processor, name) != size for name, size in sizes.items()):
        raise ValueError(
            f"The processor does not fit the model. Got: the processor has {'; '.join(differing)}. Expected: the same. "
            "Load the processor from the model's folder."
        )
    check_vocabulary(processor.tokenizer, config.vocab_size, source=str(config.name_or_path or "the model"))
    return processor
