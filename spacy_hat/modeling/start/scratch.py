"""A HAT that starts from nothing but texts: random weights, and a tokenizer that has learned its pieces from them."""

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from ..config import HATConfig
from ..layout import format_layout, parse_layout
from ..model import HATModel
from .report import WarmStartReport
from .room import check_room
from .warm import WarmStart

# As in RoBERTa, and with its numbers.
SPECIAL_PIECES = {
    "cls_token": "<s>",
    "pad_token": "<pad>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}
# Bytes and special pieces; a vocabulary holds at least these.
SMALLEST_VOCABULARY = 256 + len(SPECIAL_PIECES)
# The trainer asks for memory for this many pieces at once, and ends the process if it does not get it.
LARGEST_VOCABULARY = 2_000_000


def start_from_scratch(
    texts: Iterable[str],
    *,
    name: str,
    layout: str,
    segment_length: int = 128,
    max_segments: int = 128,
    hidden_size: int = 256,
    num_attention_heads: int = 4,
    intermediate_size: int = 1024,
    vocab_size: int = 8000,
    seed: int = 0,
) -> WarmStart:
    """Make a HAT with random weights, and a tokenizer trained on texts.

    texts (Iterable[str]): The corpus; read once.
    name (str): What to call it in the report.
    layout (str): For example `S|SD|S|SD`, or the name of a published layout.
    segment_length (int): Pieces a segment can hold.
    max_segments (int): Segments that can attend to each other.
    hidden_size (int): Width of every vector.
    num_attention_heads (int): Heads of each attention; must divide hidden_size.
    intermediate_size (int): Width inside the feed-forward part of a block.
    vocab_size (int): Pieces to learn, bytes and special pieces included; a small corpus may not have as many.
    seed (int): For the weights. The tokenizer needs none: the same texts make the same pieces.
    RETURNS (WarmStart): Model (in evaluation mode), tokenizer and report.
    RAISES (ValueError): If sizes cannot be built, or there is no text.
    """
    settings: dict[str, Any] = {
        "layout": format_layout(parse_layout(layout)),
        "segment_length": segment_length,
        "max_segments": max_segments,
        "hidden_size": hidden_size,
        "num_attention_heads": num_attention_heads,
        "intermediate_size": intermediate_size,
        "document_position_embeddings": True,
    }
    wanted = HATConfig(vocab_size=vocab_size, **settings)
    wanted.validate_sizes()  # before the corpus is read
    check_room(wanted)
    tokenizer = train_tokenizer(texts, vocab_size=vocab_size, name=name)
    config = HATConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        **settings,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HATModel(config).eval()
    report = WarmStartReport(name, fresh=[f"everything: random (seed {seed})"])
    report.copied["tokenizer"] = f"byte-level BPE, {len(tokenizer):,} pieces learned from the texts"
    return WarmStart(model, tokenizer, report)


def train_tokenizer(texts: Iterable[str], *, vocab_size: int, name: str) -> PreTrainedTokenizerBase:
    """Learn byte-level BPE, which cuts any text in any script into pieces so that none is unknown.

    texts (Iterable[str]): The corpus; read once.
    vocab_size (int): Most pieces.
    name (str): What to call the corpus in an error.
    RETURNS (PreTrainedTokenizerBase): A fast tokenizer with RoBERTa's special pieces.
    RAISES (ValueError): If vocab_size is below SMALLEST_VOCABULARY, or the texts are empty.
    """
    if vocab_size < SMALLEST_VOCABULARY:
        raise ValueError(
            f"vocab_size is {vocab_size}, expected at least {SMALLEST_VOCABULARY}: 256 bytes and "
            f"{len(SPECIAL_PIECES)} special pieces. Choose some thousands."
        )
    if vocab_size > LARGEST_VOCABULARY:
        raise ValueError(
            f"vocab_size is {vocab_size}, expected at most {LARGEST_VOCABULARY}. Choose some thousands: --vocab-size"
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=list(SPECIAL_PIECES.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    n_characters = 0

    def counted() -> Iterable[str]:
        nonlocal n_characters
        for text in texts:
            n_characters += len(text.strip())
            yield text

    tokenizer.train_from_iterator(counted(), trainer)
    if not n_characters:
        raise ValueError(f"{name} holds no text to learn pieces from. Give files with texts in them.")
    ends = [
        (piece, tokenizer.token_to_id(piece)) for piece in (SPECIAL_PIECES["sep_token"], SPECIAL_PIECES["cls_token"])
    ]
    tokenizer.post_processor = processors.RobertaProcessing(*ends, trim_offsets=True, add_prefix_space=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=SPECIAL_PIECES["cls_token"],
        eos_token=SPECIAL_PIECES["sep_token"],
        **SPECIAL_PIECES,
    )
