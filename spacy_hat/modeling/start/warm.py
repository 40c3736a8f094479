"""Start a HAT from the weights of an ordinary encoder (see source_types.py)."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ...choices import CrossSegmentStart, DocumentPositions, ExtraBlocks, check_choice
from ...classifier_piece import classifier_piece
from ..config import HATConfig
from ..files.tokenizer import check_vocabulary, load_tokenizer
from ..files.weights import open_weights
from ..layout import format_layout, layout_for_depth, parse_layout
from ..model import HATModel
from .identity import start_as_identity
from .report import WarmStartReport, parts_of
from .room import check_room
from .source import check_weights, encoder_weights, first_position, source_config
from .source_types import SOURCE_TYPES
from .transplant import Transplant


class WarmStart(NamedTuple):
    """A HAT, the tokenizer that goes with it, and where its weights come from."""

    model: HATModel
    tokenizer: PreTrainedTokenizerBase
    report: WarmStartReport


def warm_start(
    source: str | Path,
    *,
    layout: str | None = None,
    segment_length: int = 128,
    max_segments: int = 128,
    cross_segment_start: CrossSegmentStart = "identity",
    document_positions: DocumentPositions = "copy",
    extra_blocks: ExtraBlocks = "error",
    seed: int = 0,
    **hub: Any,
) -> WarmStart:
    """Make a HAT from an encoder's weights. Nothing is shared with the source, which is only read.

    source (str | Path): Folder or hub name of an encoder of one of the SOURCE_TYPES.
    layout (str | None): For example `S|SD|S|SD`, or the name of a published layout. Block i is made from layer i.
        None: as many blocks as the source has layers, every second one cross-segment as well.
    segment_length (int): Pieces a segment can hold.
    max_segments (int): Segments that can attend to each other.
    cross_segment_start (CrossSegmentStart): `copy`: from the source layer of the same index, as published; `identity`:
        so, but with the output projections zero and layer norms that undo themselves, so that the block begins by
        passing its input through.
    document_positions (DocumentPositions): How the source's token positions become document positions: its first rows,
        those over and over, or all of them stretched.
    extra_blocks (ExtraBlocks): Blocks beyond the source's depth: an error, its top layer again, or fresh weights.
    seed (int): For fresh weights and the calibration of identity blocks.
    **hub: Options of huggingface_hub's hf_hub_download, such as revision.
    RETURNS (WarmStart): Model (in evaluation mode), tokenizer and report.
    RAISES (ValueError): If the source's type is not supported, or sizes exceed what it has; says what to change.
    """
    check_choice("cross_segment_start", cross_segment_start, CrossSegmentStart)
    check_choice("document_positions", document_positions, DocumentPositions)
    check_choice("extra_blocks", extra_blocks, ExtraBlocks)
    their_config = source_config(source, **hub)
    layout = layout_for_depth(their_config.num_hidden_layers) if layout is None else layout
    config = _make_config(their_config, layout, segment_length, max_segments)
    config.validate_sizes()
    _check_depth(len(parse_layout(config.layout)), their_config.num_hidden_layers, extra_blocks)
    file = open_weights(source, **hub)
    check_weights(
        encoder_weights(file.shapes, their_config.model_type, str(source))[0], config, their_config, str(source)
    )
    check_room(config)
    tokenizer = load_tokenizer(source, **hub)
    check_vocabulary(tokenizer, config.vocab_size, source=str(source))
    said, config.pad_token_id = config.pad_token_id, _padding_piece(tokenizer, their_config)
    weights, others = encoder_weights(file.read(), their_config.model_type, str(source))
    report = WarmStartReport(str(source))
    if said != config.pad_token_id:
        report.fresh.append(f"pad_token_id: {config.pad_token_id}, the tokenizer's, where config.json says {said}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HATModel(config).eval()
    transplant = Transplant(model, weights, their_config, report)
    with torch.no_grad():
        transplant.embeddings()
        transplant.document_positions(document_positions)
        transplant.blocks(extra_blocks)
        if cross_segment_start == "identity":
            opening = classifier_piece(
                tokenizer,
                whose=f"The tokenizer of {source}",
                remedy="Name one in the source's tokenizer_config.json.",
            )
            report.fresh += start_as_identity(model, opening, seed)
    report.unused = parts_of([*transplant.unused(), *others])
    return WarmStart(model, tokenizer, report)


def _padding_piece(tokenizer: PreTrainedTokenizerBase, source: PretrainedConfig) -> int:
    """The piece that a HAT takes for padding: the tokenizer's, where the source's positions do not hang on another.

    BERTs with the tokenizer of XLM-RoBERTa (multilingual-e5-small) say 0 in their config.json, which is the classifier
    piece there: a HAT would give it no position.
    """
    own: int = source.pad_token_id
    if SOURCE_TYPES[source.model_type].positions_behind_padding or tokenizer.pad_token_id is None:
        return own
    return int(tokenizer.pad_token_id)


def _check_depth(n_blocks: int, depth: int, extra_blocks: ExtraBlocks) -> None:
    if n_blocks > depth and extra_blocks == "error":
        raise ValueError(
            f"The layout has {n_blocks} blocks, the source {depth} layers. Shorten the layout, or say what the extra "
            "blocks start from: --extra-blocks repeat (the top layer) or fresh; in Python, extra_blocks='repeat'."
        )


def _make_config(source: PretrainedConfig, layout: str, segment_length: int, max_segments: int) -> HATConfig:
    """The HAT's sizes: the source's, where it has them."""
    copied = SOURCE_TYPES[source.model_type].copied_settings(source)
    position_rows = source.max_position_embeddings - first_position(source)
    if segment_length > position_rows:
        raise ValueError(
            f"segment_length is {segment_length}, but the source has positions for {position_rows} pieces. Choose at "
            f"most {position_rows}: --segment-length {position_rows}."
        )
    return HATConfig(
        **copied,
        layout=format_layout(parse_layout(layout)),
        max_sentence_length=segment_length,
        max_sentences=max_segments,
        document_position_embeddings=True,
        position_embedding_type=getattr(source, "position_embedding_type", "absolute"),
    )
