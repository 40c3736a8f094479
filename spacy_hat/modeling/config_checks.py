"""What must hold of a configuration before an encoder is built from it. Checks of more than one field are here only."""

from typing import Any, get_args

from transformers.activations import ACT2FN

from ..choices import PublishedPooling
from .layout import parse_layout

POOLINGS: tuple[str, ...] = get_args(PublishedPooling)
# Smallest value of each size.
SIZES = {
    "vocab_size": 1,
    "hidden_size": 1,
    "num_attention_heads": 1,
    "intermediate_size": 1,
    "type_vocab_size": 1,
    "pad_token_id": 0,
    "segment_length": 2,
    "max_segments": 1,
    "frozen_blocks": 0,
}
DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")
WHERE = "Correct it in config.json, or in transformer_config of [components.transformer.model]."


def check_config(config: Any) -> None:
    """Check a configuration.

    config (HATConfig): The configuration.
    RAISES (ValueError): If it cannot be built; says what to change.
    """
    _check_numbers(config)
    _check_choices(config)
    _check_agreement(config)


def _check_numbers(config: Any) -> None:
    for name, least in SIZES.items():
        value = getattr(config, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            why = " (the classifier piece and one more)" if name == "segment_length" else ""
            raise ValueError(f"{name} is {value!r}, expected a whole number of at least {least}{why}. {WHERE}")
    for name in DROPOUTS:
        value = getattr(config, name)
        if value is not None and not (isinstance(value, (int, float)) and 0 <= value < 1):
            raise ValueError(f"{name} is {value!r}, expected a probability of at least 0.0, less than 1.0. {WHERE}")


def _check_choices(config: Any) -> None:
    if config.pooling not in POOLINGS:
        raise ValueError(f"pooling is {config.pooling!r}, expected one of {', '.join(POOLINGS)}. {WHERE}")
    if config.hidden_act not in ACT2FN:
        known = ", ".join(sorted(ACT2FN))
        raise ValueError(f"hidden_act is {config.hidden_act!r}, expected one that transformers has: {known}. {WHERE}")
    if getattr(config, "position_embedding_type", "absolute") != "absolute":
        raise ValueError(
            f"position_embedding_type is {config.position_embedding_type!r}, but HAT knows absolute positions only. "
            "Remove it from config.json if the weights were trained with absolute positions."
        )


def _check_agreement(config: Any) -> None:
    n_blocks = len(parse_layout(config.layout))
    if n_blocks != config.num_hidden_layers:
        raise ValueError(
            f"HAT layout {config.layout!r} has {n_blocks} blocks but num_hidden_layers is {config.num_hidden_layers}. "
            f"Make them agree, or give the layout alone. {WHERE}"
        )
    if config.hidden_size % config.num_attention_heads:
        raise ValueError(
            f"hidden_size is {config.hidden_size}, which {config.num_attention_heads} attention heads do not divide. "
            f"Choose a num_attention_heads that does. {WHERE}"
        )
    if config.frozen_blocks > n_blocks:
        raise ValueError(
            f"frozen_blocks is {config.frozen_blocks}, expected 0 to {n_blocks}, the number of blocks of layout "
            f"{config.layout!r}. {WHERE}"
        )
    if config.pad_token_id >= config.vocab_size:
        raise ValueError(
            f"pad_token_id is {config.pad_token_id}, expected a piece of the vocabulary, which has "
            f"{config.vocab_size}. {WHERE}"
        )
