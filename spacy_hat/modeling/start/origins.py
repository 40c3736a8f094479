"""The encoder that a HAT starts from, whatever kind its blocks are of: what is asked of it, and who answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ...choices import DocumentPositions, ExtraBlocks
from ..config import HATConfig
from ..files.disk import read_config
from ..files.problems import Shape
from ..layout import format_layout, parse_layout
from ..model import HATModel
from .report import WarmStartReport, parts_of
from .rotary_origin import RotaryOrigin
from .source import check_weights, encoder_weights, first_position, source_config
from .source_types import ROTARY_TYPES, SOURCE_TYPES
from .transplant import Transplant

# Segments that can attend to each other in a HAT with a table of document positions, unless told.
MOST_SEGMENTS = 128


class AnyTransplant(Protocol):
    """Copies the parts of one encoder into one HAT."""

    def embeddings(self) -> None: ...

    def document_positions(self, how: DocumentPositions) -> None: ...

    def blocks(self, extra_blocks: ExtraBlocks) -> None: ...

    def unused(self) -> list[str]: ...


class Origin(Protocol):
    """An encoder to start from, of which the configuration has been read.

    depth (int): Its layers.
    """

    depth: int

    def config(self, layout: str, segment_length: int, max_segments: int | None) -> HATConfig:
        """RETURNS (HATConfig): The HAT's: the source's sizes, where it has them. RAISES (ValueError): If too long."""

    def check(self, shapes: Mapping[str, Shape], hat: HATConfig) -> None:
        """Compare the shapes of a file with what is to be copied. RAISES (ValueError): Lists what does not fit."""

    def padding_piece(self, tokenizer: PreTrainedTokenizerBase) -> int:
        """RETURNS (int): The piece that a HAT takes for padding: the tokenizer's, unless positions hang on another."""

    def transplant(
        self, model: HATModel, weights: Mapping[str, Tensor], report: WarmStartReport
    ) -> tuple[AnyTransplant, list[str]]:
        """RETURNS (tuple[AnyTransplant, list[str]]): What copies a file's weights, and the names of a head's."""


def find_origin(source: str | Path, **hub: Any) -> Origin:
    """Read what a source is.

    source (str | Path): Folder or hub name.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (Origin): The source.
    RAISES (ValueError): If a HAT cannot start from such a model; says why.
    """
    values = read_config(source, **hub)
    if values["model_type"] in ROTARY_TYPES:
        return RotaryOrigin(str(source), values)
    return AbsoluteOrigin(str(source), source_config(source, **hub))


def fill(
    origin: Origin,
    model: HATModel,
    weights: Mapping[str, Tensor],
    report: WarmStartReport,
    document_positions: DocumentPositions,
    extra_blocks: ExtraBlocks,
) -> None:
    """Copy the weights of a file into a HAT, and report.

    origin (Origin): What they are of.
    model (HATModel): Filled in place.
    weights (Mapping[str, Tensor]): By the names of the file; only read.
    report (WarmStartReport): Added to.
    document_positions (DocumentPositions): How to fill the table of document positions.
    extra_blocks (ExtraBlocks): What becomes of blocks beyond the source's depth.
    RAISES (ValueError): If there is no such table, or there are too few positions to copy.
    """
    transplant, others = origin.transplant(model, weights, report)
    transplant.embeddings()
    transplant.document_positions(document_positions)
    transplant.blocks(extra_blocks)
    report.unused = parts_of([*transplant.unused(), *others])


class AbsoluteOrigin:
    """A BERT, or its like. See Origin.

    source (str): What to call the checkpoint in an error.
    config (PretrainedConfig): Its configuration.
    """

    def __init__(self, source: str, theirs: PretrainedConfig) -> None:
        self.source, self.theirs = source, theirs
        self.depth = theirs.num_hidden_layers

    def config(self, layout: str, segment_length: int, max_segments: int | None) -> HATConfig:
        copied = SOURCE_TYPES[self.theirs.model_type].copied_settings(self.theirs)
        position_rows = self.theirs.max_position_embeddings - first_position(self.theirs)
        if segment_length > position_rows:
            raise ValueError(
                f"segment_length is {segment_length}, but the source has positions for {position_rows} pieces. Choose "
                f"at most {position_rows}: --segment-length {position_rows}."
            )
        return HATConfig(
            **copied,
            layout=format_layout(parse_layout(layout)),
            max_sentence_length=segment_length,
            max_sentences=MOST_SEGMENTS if max_segments is None else max_segments,
            document_position_embeddings=True,
            position_embedding_type=getattr(self.theirs, "position_embedding_type", "absolute"),
        )

    def check(self, shapes: Mapping[str, Shape], hat: HATConfig) -> None:
        found, _ = encoder_weights(shapes, self.theirs.model_type, self.source)
        check_weights(found, hat, self.theirs, self.source)

    def padding_piece(self, tokenizer: PreTrainedTokenizerBase) -> int:
        # BERTs with the tokenizer of XLM-RoBERTa (multilingual-e5-small) say 0 in their config.json, which is the
        # classifier piece there: a HAT would give it no position.
        own: int = self.theirs.pad_token_id
        if SOURCE_TYPES[self.theirs.model_type].positions_behind_padding or tokenizer.pad_token_id is None:
            return own
        return int(tokenizer.pad_token_id)

    def transplant(
        self, model: HATModel, weights: Mapping[str, Tensor], report: WarmStartReport
    ) -> tuple[AnyTransplant, list[str]]:
        own, others = encoder_weights(weights, self.theirs.model_type, self.source)
        return Transplant(model, own, self.theirs, report), list(others)
