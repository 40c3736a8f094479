"""Start a HAT from the weights of an ordinary BERT- or RoBERTa-type encoder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Optional, Union, get_args

import torch
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from .block import TransformerBlock
from .config import HATConfig
from .files import read_weights
from .identity import start_as_identity
from .layout import format_layout, parse_layout
from .model import HATModel
from .source import bare_names, check_weights, first_position, source_config
from .tokenizer import check_vocabulary, load_tokenizer

COPIED_SETTINGS = (
    *("vocab_size", "hidden_size", "num_attention_heads", "intermediate_size", "hidden_act", "hidden_dropout_prob"),
    *("attention_probs_dropout_prob", "type_vocab_size", "initializer_range", "layer_norm_eps", "pad_token_id"),
    *("bos_token_id", "eos_token_id"),
)

DocumentPositions = Literal["copy", "repeat", "interpolate"]
CrossSegmentStart = Literal["copy", "identity"]
ExtraBlocks = Literal["error", "repeat", "fresh"]


@dataclass
class WarmStartReport:
    """Where the weights of a warm-started HAT come from.

    source (str): The encoder's folder or hub name.
    copied (dict[str, str]): Part of the HAT -> part of the source.
    fresh (list[str]): Parts that start from nothing, or that were changed on purpose, and how.
    """

    source: str
    copied: dict[str, str] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)


class WarmStart(NamedTuple):
    """A HAT, the tokenizer that goes with it, and where its weights come from."""

    model: HATModel
    tokenizer: PreTrainedTokenizerBase
    report: WarmStartReport


def warm_start(
    source: Union[str, Path],
    *,
    layout: str,
    segment_length: int = 128,
    max_segments: int = 32,
    cross_segment_start: CrossSegmentStart = "identity",
    document_positions: DocumentPositions = "copy",
    extra_blocks: ExtraBlocks = "error",
    seed: int = 0,
    **hub: Any,
) -> WarmStart:
    """Make a HAT from an encoder's weights. Nothing is shared with the source, which is only read.

    source (Union[str, Path]): Folder or hub name of a BERT, ELECTRA, RoBERTa, XLM-RoBERTa or CamemBERT.
    layout (str): For example `S|SD|S|SD`, or the name of a published layout. Block i is made from layer i.
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
    _check_choice("cross_segment_start", cross_segment_start, CrossSegmentStart)
    _check_choice("document_positions", document_positions, DocumentPositions)
    _check_choice("extra_blocks", extra_blocks, ExtraBlocks)
    of_source = source_config(source, **hub)
    config = _make_config(of_source, layout, segment_length, max_segments)
    tokenizer = load_tokenizer(source, **hub)
    weights = bare_names(read_weights(source, **hub), str(source))
    report = WarmStartReport(str(source))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HATModel(config).eval()
    _check_depth(len(model.encoder.layer), of_source.num_hidden_layers, extra_blocks)
    check_weights(weights, model, of_source, str(source))
    check_vocabulary(tokenizer, config.vocab_size, source=str(source))
    with torch.no_grad():
        _copy_embeddings(model, weights, of_source, report)
        _copy_document_positions(model, weights, of_source, document_positions, report)
        _copy_blocks(model, weights, of_source.num_hidden_layers, extra_blocks, report)
        if cross_segment_start == "identity":
            report.fresh += start_as_identity(model, _classifier_id(tokenizer, source), seed)
    return WarmStart(model, tokenizer, report)


def _check_choice(name: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        raise ValueError(f"{name} is {value!r}, expected one of {', '.join(get_args(choices))}.")


def _check_depth(n_blocks: int, depth: int, extra_blocks: ExtraBlocks) -> None:
    if n_blocks > depth and extra_blocks == "error":
        raise ValueError(
            f"The layout has {n_blocks} blocks, the source {depth} layers. Shorten the layout, or say what the extra "
            "blocks start from: extra_blocks 'repeat' (the top layer) or 'fresh'."
        )


def _classifier_id(tokenizer: PreTrainedTokenizerBase, source: Union[str, Path]) -> int:
    """The piece that opens segments, by the rule of packing."""
    for piece_id in (tokenizer.cls_token_id, tokenizer.bos_token_id):
        if piece_id is not None:
            return piece_id
    raise ValueError(
        f"The tokenizer of {source} has neither a cls_token nor a bos_token, and one of them must open each segment. "
        "Name one in the source's tokenizer_config.json."
    )


def _make_config(source: PretrainedConfig, layout: str, segment_length: int, max_segments: int) -> HATConfig:
    """The HAT's sizes: the source's, where it has them."""
    copied = {name: getattr(source, name) for name in COPIED_SETTINGS if hasattr(source, name)}
    position_rows = source.max_position_embeddings - first_position(source)
    if segment_length > position_rows:
        raise ValueError(
            f"segment_length is {segment_length}, but the source has positions for {position_rows} pieces. Choose at "
            f"most {position_rows}."
        )
    return HATConfig(
        **copied,
        layout=format_layout(parse_layout(layout)),
        max_sentence_length=segment_length,
        max_sentences=max_segments,
        document_position_embeddings=True,
        position_embedding_type=getattr(source, "position_embedding_type", "absolute"),
    )


def _copy_embeddings(
    model: HATModel, weights: dict[str, Tensor], source: PretrainedConfig, report: WarmStartReport
) -> None:
    """Words, token types and layer norm as they are; positions so that the first piece reads the source's first."""
    own = dict(model.embeddings.named_parameters())
    positions = own.pop("position_embeddings.weight")
    for name, parameter in own.items():
        parameter.copy_(weights[f"embeddings.{name}"])
        report.copied[f"embeddings.{name}"] = f"embeddings.{name}"
    pad, first, length = model.config.pad_token_id, first_position(source), model.config.segment_length
    table = weights["embeddings.position_embeddings.weight"]
    positions.zero_()
    positions[:first] = table[:first]
    positions[pad + 1 : pad + 1 + length] = table[first : first + length]
    report.copied[f"embeddings.position_embeddings.weight[{pad + 1}:{pad + 1 + length}]"] = (
        f"embeddings.position_embeddings.weight[{first}:{first + length}]"
    )


def _copy_document_positions(
    model: HATModel,
    weights: dict[str, Tensor],
    source: PretrainedConfig,
    how: DocumentPositions,
    report: WarmStartReport,
) -> None:
    """Segment s reads row s + 1; row 0, of padded segments, is zeros."""
    table = model.encoder.document_positions()
    if table is None:
        return
    rows = weights["embeddings.position_embeddings.weight"][first_position(source) :]
    n_segments = model.config.max_segments
    if how == "copy" and n_segments > len(rows):
        raise ValueError(
            f"max_segments is {n_segments}, but the source has positions for {len(rows)} pieces to copy. Choose fewer "
            "segments, or document_positions 'repeat' or 'interpolate'."
        )
    if how == "interpolate":
        stretched = torch.nn.functional.interpolate(rows.T[None], size=n_segments, mode="linear", align_corners=True)
        chosen = stretched[0].T
    else:
        chosen = rows[torch.arange(n_segments) % len(rows)]
    table.weight.zero_()
    table.weight[1:] = chosen
    report.copied["document positions"] = f"embeddings.position_embeddings.weight ({how})"


def _copy_blocks(
    model: HATModel, weights: dict[str, Tensor], depth: int, extra_blocks: ExtraBlocks, report: WarmStartReport
) -> None:
    """Both parts of block i from layer i of the source."""
    for number, layer in enumerate(model.encoder.layers()):
        for part in ("sentence_encoder", "document_encoder"):
            block: Optional[TransformerBlock] = getattr(layer, part)
            if block is None:
                continue
            if number >= depth and extra_blocks == "fresh":
                report.fresh.append(f"encoder.layer.{number}.{part}: random")
                continue
            origin = f"encoder.layer.{min(number, depth - 1)}"
            for name, parameter in block.named_parameters():
                parameter.copy_(weights[f"{origin}.{name}"])
            report.copied[f"encoder.layer.{number}.{part}"] = origin
