"""What must hold of a configuration before an encoder is built from it. Checks of more than one field are here only."""

from typing import Any

from .config_entries import WHERE, check_entries, shown
from .layout import parse_layout


def check_config(config: Any) -> None:
    """Check a configuration.

    config (HATConfig): The configuration.
    RAISES (ValueError): If it cannot be built; says what to change.
    """
    check_entries({name: getattr(config, name) for name in config.entries if hasattr(config, name)}, config.entries)
    if getattr(config, "position_embedding_type", "absolute") not in ("absolute", None):
        raise ValueError(
            f"position_embedding_type is {config.position_embedding_type!r}, but HAT knows absolute positions only. "
            "Remove it from config.json if the weights were trained with absolute positions."
        )
    _check_agreement(config)


def _check_agreement(config: Any) -> None:
    n_blocks = len(parse_layout(config.layout))
    if n_blocks != config.num_hidden_layers:
        raise ValueError(
            f"HAT layout {shown(config.layout)} has {n_blocks} blocks but num_hidden_layers is "
            f"{config.num_hidden_layers}, expected {n_blocks}. Make them agree, or give the layout alone. {WHERE}"
        )
    if config.hidden_size % config.num_attention_heads:
        raise ValueError(
            f"hidden_size is {config.hidden_size}, which {config.num_attention_heads} attention heads do not divide. "
            f"Choose a num_attention_heads that does (of from-scratch: --heads). {WHERE}"
        )
    if config.kind == "rotary" and config.hidden_size // config.num_attention_heads % 2:
        raise ValueError(
            f"hidden_size is {config.hidden_size} with {config.num_attention_heads} attention heads, "
            f"{config.hidden_size // config.num_attention_heads} numbers each, but rotary positions turn pairs of "
            f"them: expected an even number. Choose other sizes. {WHERE}"
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
