"""The encoder that a HAT starts from, whatever kind its blocks are of: what is asked of it, and who answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ...choices import DocumentPositions, ExtraBlocks
from ..config import HATConfig
from ..files.disk import read_config
from ..files.problems import RefusedError, Shape, WeightProblems
from ..layout import format_layout, parse_layout
from ..model import HATModel
from ..rotary_config import RotaryHATConfig
from .report import WarmStartReport, parts_of
from .rotary_source import fused_shapes, read_settings
from .rotary_transplant import RotaryTransplant
from .source import check_weights, encoder_weights, first_position, source_config
from .source_types import ROTARY_TYPES, SOURCE_TYPES
from .transplant import Transplant

# Segments that can attend to each other in a HAT with a table of document positions, unless told.
MOST_SEGMENTS = 128
REMEDY = "Fetch the source again, whole, with the config.json that belongs to it."


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

    def fill(
        self,
        model: HATModel,
        weights: Mapping[str, Tensor],
        report: WarmStartReport,
        document_positions: DocumentPositions,
        extra_blocks: ExtraBlocks,
    ) -> None:
        """Copy the weights of a file into a HAT, and report."""


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

    def fill(
        self,
        model: HATModel,
        weights: Mapping[str, Tensor],
        report: WarmStartReport,
        document_positions: DocumentPositions,
        extra_blocks: ExtraBlocks,
    ) -> None:
        own, others = encoder_weights(weights, self.theirs.model_type, self.source)
        transplant = Transplant(model, own, self.theirs, report)
        transplant.embeddings()
        transplant.document_positions(document_positions)
        transplant.blocks(extra_blocks)
        report.unused = parts_of([*transplant.unused(), *others])


class RotaryOrigin:
    """A ModernBERT. See Origin.

    source (str): What to call the checkpoint in an error.
    values (Mapping[str, Any]): What its config.json says.
    """

    def __init__(self, source: str, values: Mapping[str, Any]) -> None:
        self.source = source
        self.settings = read_settings(values, source)
        self.depth = self.settings.pop("num_hidden_layers")
        self.trained_on = self.settings.pop("max_position_embeddings")

    def config(self, layout: str, segment_length: int, max_segments: int | None) -> HATConfig:
        if segment_length > self.trained_on:
            raise ValueError(
                f"segment_length is {segment_length}, but the source was made for up to {self.trained_on} pieces. "
                f"Choose at most {self.trained_on}: --segment-length {self.trained_on}."
            )
        return RotaryHATConfig(
            **self.settings,
            layout=format_layout(parse_layout(layout)),
            segment_length=segment_length,
            max_segments=max_segments,
        )

    def check(self, shapes: Mapping[str, Shape], hat: HATConfig) -> None:
        assert isinstance(hat, RotaryHATConfig)  # config made it
        found, _ = self._encoder(shapes)
        n_blocks = len(parse_layout(hat.layout))
        expected = fused_shapes(hat, self.depth)
        above = [name for name in expected if name.startswith("layers.") and int(name.split(".")[1]) >= n_blocks]
        what = f"The weights of {self.source} do not fit its config.json"
        WeightProblems.between(expected, found, optional=above).check(what, REMEDY)

    def padding_piece(self, tokenizer: PreTrainedTokenizerBase) -> int:
        own: int = self.settings["pad_token_id"]
        return own if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)

    def fill(
        self,
        model: HATModel,
        weights: Mapping[str, Tensor],
        report: WarmStartReport,
        document_positions: DocumentPositions,
        extra_blocks: ExtraBlocks,
    ) -> None:
        if document_positions != "copy":
            raise ValueError(
                f"document_positions is {document_positions!r}, but a HAT from {self.source} has no table of document "
                "positions to fill: its segments are told apart by rotation. Leave --document-positions out."
            )
        own, others = self._encoder(weights)
        transplant = RotaryTransplant(model, own, self.depth, report)
        transplant.embeddings()
        transplant.blocks(extra_blocks)
        report.unused = parts_of([*transplant.unused(), *others])

    def _encoder(self, weights: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Those of the encoder, without prefix, and those of a head."""
        anchor = "embeddings.tok_embeddings.weight"
        prefixes = [name.removesuffix(anchor) for name in weights if name.endswith(anchor)]
        if len(prefixes) != 1:
            raise RefusedError(
                f"The weights of {self.source} hold {'no' if not prefixes else len(prefixes)} {anchor}, expected one. "
                "Give a folder with a whole encoder."
            )
        (prefix,) = prefixes
        parts = tuple(f"{prefix}{part}." for part in ("embeddings", "layers", "final_norm"))
        own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(parts)}
        return own, {name: weight for name, weight in weights.items() if not name.startswith(parts)}
