"""What each entry of a configuration may hold: its type and its range. One table, whoever wrote the entry.

A file, an override in a pipeline's config and Python code all end here, before anything is built. What is not in the
table is not taken from a file: no entry can replace a method of a configuration, or name code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, get_args

import torch
from transformers.activations import ACT2FN

from ..choices import PublishedPooling, TrainingPrecision

POOLINGS: tuple[str, ...] = get_args(PublishedPooling)
PROBLEM_TYPES = ("regression", "single_label_classification", "multi_label_classification")
PRECISIONS = (*get_args(TrainingPrecision), "float64")
# A thousand times what anybody trains; the products of two of them still fit into 64 bits.
MOST_PIECES = 100_000_000
MOST_WIDTH = 1_000_000
MOST_BLOCKS = 1000
MOST_LABELS = 100_000
WHERE = "Correct it in config.json, or in transformer_config of [components.transformer.model]."


@dataclass(frozen=True)
class Entry:
    """What an entry may hold.

    fits (Callable[[Any], bool]): Whether a value is of the type and in the range.
    expected (str): Both in words.
    """

    fits: Callable[[Any], bool]
    expected: str


def whole(least: int, most: int, why: str = "") -> Entry:
    """RETURNS (Entry): A whole number; true and false are not numbers here."""
    return Entry(
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
        f"a whole number of at least {least}{why}, at most {most:,}",
    )


def number(least: float, most: float) -> Entry:
    """RETURNS (Entry): A finite number."""
    return Entry(lambda value: _is_number(value) and least <= value <= most, f"a number from {least} to {most}")


def optional(entry: Entry) -> Entry:
    """RETURNS (Entry): The same, or null."""
    return Entry(lambda value: value is None or entry.fits(value), f"{entry.expected}, or null")


def one_of(choices: tuple[str, ...], opening: str = "one of ") -> Entry:
    """RETURNS (Entry): One of some words."""
    return Entry(lambda value: isinstance(value, str) and value in choices, f"{opening}{', '.join(choices)}")


def of_type(kind: type, expected: str) -> Entry:
    """RETURNS (Entry): Any value of one type."""
    return Entry(lambda value: isinstance(value, kind), expected)


def _is_number(value: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # a whole number that is too large for a float
        return False


def _is_precision(value: Any) -> bool:
    # transformers takes anything that torch has under the name.
    return value is None or value in PRECISIONS or (isinstance(value, torch.dtype) and str(value)[6:] in PRECISIONS)


def _is_labels(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) <= MOST_LABELS
        and all(str(key).isdecimal() and len(str(key)) < 10 for key in value)
    )


SWITCH = of_type(bool, "true or false, without quotes")
OFF = Entry(lambda value: value is None or value is False, "false: HAT attends in both directions, and only to itself")
PROBABILITY = Entry(lambda value: _is_number(value) and 0 <= value < 1, "a probability of at least 0.0, less than 1.0")
PIECE = optional(whole(0, MOST_PIECES))
# What shapes an encoder.
SIZES: dict[str, Entry] = {
    "vocab_size": whole(1, MOST_PIECES),
    "hidden_size": whole(1, MOST_WIDTH),
    "num_attention_heads": whole(1, MOST_WIDTH),
    "intermediate_size": whole(1, MOST_WIDTH),
    "type_vocab_size": whole(1, MOST_PIECES),
    "pad_token_id": whole(0, MOST_PIECES),
    "segment_length": whole(2, MOST_PIECES, " (the classifier piece and one more)"),
    "max_segments": whole(1, MOST_PIECES),
    "frozen_blocks": whole(0, MOST_BLOCKS),
}
NUMBERS: dict[str, Entry] = {
    "hidden_dropout_prob": PROBABILITY,
    "attention_probs_dropout_prob": PROBABILITY,
    "classifier_dropout": optional(PROBABILITY),
    "initializer_range": number(0.0, 100.0),
    "layer_norm_eps": number(0.0, 1.0),
}
SWITCHES: dict[str, Entry] = dict.fromkeys(
    ("tie_word_embeddings", "document_position_embeddings", "pool_padding", "activation_checkpointing"), SWITCH
)
ACTIVATION = one_of(tuple(sorted(ACT2FN)), "one that transformers has: ")
CHOICES: dict[str, Entry] = {"hidden_act": ACTIVATION, "pooling": one_of(POOLINGS)}
# What every configuration of an encoder has to fulfil once it is made.
OF_ENCODERS: dict[str, Entry] = SIZES | NUMBERS | SWITCHES | CHOICES
# Entries that all of Hugging Face's configurations share, as far as an encoder and its heads have a use for them.
SHARED: dict[str, Entry] = {
    "architectures": optional(
        Entry(lambda v: isinstance(v, list) and all(isinstance(name, str) for name in v), "a list of names")
    ),
    "id2label": optional(Entry(_is_labels, f"a dict of numbers and labels, at most {MOST_LABELS:,}")),
    "label2id": optional(of_type(Mapping, "a dict of labels and numbers")),
    "num_labels": whole(0, MOST_LABELS),
    "problem_type": optional(one_of(PROBLEM_TYPES)),
    "torch_dtype": Entry(_is_precision, f"one of {', '.join(PRECISIONS)}, or null"),
    "dtype": Entry(_is_precision, f"one of {', '.join(PRECISIONS)}, or null"),
    "bos_token_id": PIECE,
    "eos_token_id": PIECE,
    "sep_token_id": PIECE,
    "tokenizer_class": optional(of_type(str, "a name")),
    "transformers_version": optional(of_type(str, "a version")),
    "name_or_path": of_type(object, "a name"),
    "output_hidden_states": SWITCH,
    "output_attentions": SWITCH,
    "return_dict": SWITCH,
    "use_cache": SWITCH,
}
# Entries that change what a model computes in ways that are not here. They may be there, and must be off.
REFUSED: dict[str, Entry] = {
    "is_decoder": OFF,
    "is_encoder_decoder": OFF,
    "add_cross_attention": OFF,
    "pruned_heads": Entry(lambda value: not value, "no heads taken out"),
    "quantization_config": Entry(
        lambda value: value is None, "weights that are not quantized: save the model in float32, float16 or bfloat16"
    ),
}
# Entries of config.json that hold a HAT's sizes under the published names.
PUBLISHED: dict[str, Entry] = {
    "max_sentences": SIZES["max_segments"],
    "max_sentence_length": optional(SIZES["segment_length"]),
    "max_sentence_size": optional(SIZES["segment_length"]),
    "num_hidden_layers": optional(whole(1, MOST_BLOCKS)),
    # Of any type here: layout.py says more of it.
    "layout": of_type(object, "a layout"),
    "encoder_layout": of_type(object, "a layout"),
    "position_embedding_type": optional(of_type(str, "a name")),
}
OF_HAT: dict[str, Entry] = {
    **OF_ENCODERS,
    **PUBLISHED,
    **SHARED,
    **{name: optional(SIZES[name]) for name in ("segment_length", "max_segments")},
}


# The same for encoders with rotary blocks, by the names of their own files, which are ModernBERT's and ours.
_SAME_SIZES = ("vocab_size", "hidden_size", "num_attention_heads", "intermediate_size", "pad_token_id")
_SAME_NUMBERS = ("classifier_dropout", "initializer_range")
OF_ROTARY_ENCODERS: dict[str, Entry] = {
    **{name: SIZES[name] for name in (*_SAME_SIZES, "segment_length", "frozen_blocks")},
    **{name: NUMBERS[name] for name in _SAME_NUMBERS},
    **dict.fromkeys(("embedding_dropout", "attention_dropout", "mlp_dropout"), PROBABILITY),
    **dict.fromkeys(("norm_bias", "attention_bias", "mlp_bias", "post_norm"), SWITCH),
    "mlp_output_bias": optional(SWITCH),
    **dict.fromkeys(("tie_word_embeddings", "activation_checkpointing"), SWITCH),
    "max_segments": optional(SIZES["max_segments"]),
    "global_attn_every_n_layers": whole(1, MOST_BLOCKS),
    "local_attention": whole(0, MOST_PIECES),
    "global_rope_theta": number(1.0, 1e15),
    "global_rope_factor": number(1.0, 1e6),
    "local_rope_theta": optional(number(1.0, 1e15)),
    "norm_eps": NUMBERS["layer_norm_eps"],
    "hidden_activation": ACTIVATION,
    "pooling": CHOICES["pooling"],
    "pool_padding": Entry(
        lambda value: value is False, "false: it brings back numbers of published HATs, of which none has rotary blocks"
    ),
}
OF_ROTARY: dict[str, Entry] = {
    **OF_ROTARY_ENCODERS,
    **SHARED,
    "num_hidden_layers": PUBLISHED["num_hidden_layers"],
    "layout": PUBLISHED["layout"],
}


def check_entries(values: Mapping[str, Any], table: Mapping[str, Entry], *, opening: str = "") -> None:
    """Check the entries of a table that are there.

    values (Mapping[str, Any]): Name -> value.
    table (Mapping[str, Entry]): What each may hold.
    opening (str): What to begin an error with, such as where the entry stands.
    RAISES (ValueError): If one holds something else; says what.
    """
    for name, entry in table.items():
        if name in values and not entry.fits(values[name]):
            raise ValueError(f"{opening}{name} is {shown(values[name])}, expected {entry.expected}. {WHERE}")


def known_entries(values: Mapping[str, Any], table: Mapping[str, Entry], *, source: str) -> dict[str, Any]:
    """Check what a file says, and take over what is known.

    values (Mapping[str, Any]): What stands in it.
    table (Mapping[str, Entry]): What is known, and what it may hold.
    source (str): What to call the checkpoint in an error; empty: nothing.
    RETURNS (dict[str, Any]): The known entries. Names of code, such as auto_map, are not among them.
    RAISES (ValueError): If one holds something else, or asks for what a HAT does not compute.
    """
    opening = f"The configuration of {source} cannot be used: " if source else ""
    check_entries(values, REFUSED, opening=opening)
    check_entries(values, table, opening=opening)
    return {name: value for name, value in values.items() if name in table}


def shown(value: Any) -> str:
    """RETURNS (str): A value as an error shows it: as Python writes it, but short."""
    written = repr(value)
    return written if len(written) <= 200 else f"{written[:200]} …"
