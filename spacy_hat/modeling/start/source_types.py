"""The types of encoder that a HAT can start from: what they call their settings and weights, and why others cannot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transformers import PretrainedConfig

# Types whose blocks are of the second kind (see rotary_origin.py); `new` is what files of gte-v1.5 call theirs.
ROTARY_TYPES = ("modernbert", "nomic_bert", "gte", "new")
# Settings that a HAT takes over, under the names that BERT and RoBERTa have for them.
COPIED_SETTINGS = (
    *("vocab_size", "hidden_size", "num_attention_heads", "intermediate_size", "hidden_act", "hidden_dropout_prob"),
    *("attention_probs_dropout_prob", "type_vocab_size", "initializer_range", "layer_norm_eps", "pad_token_id"),
    *("bos_token_id", "eos_token_id"),
)


@dataclass(frozen=True)
class SourceType:
    """How one type of encoder differs from BERT in names. A type that differs in mathematics cannot be a source.

    positions_behind_padding (bool): Whether its positions begin behind the padding row, as RoBERTa's do, or at row 0.
    settings (Mapping[str, str]): BERT's name of a setting -> its own, where that differs.
    constants (Mapping[str, Any]): Settings that its code fixes and its config.json does not say.
    layer (str): What the names of the weights of layer i begin with, up to i.
    names (Mapping[str, str]): BERT's name of a part of a layer -> its own, where that differs.
    """

    positions_behind_padding: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    layer: str = "encoder.layer"
    names: Mapping[str, str] = field(default_factory=dict)

    def copied_settings(self, config: PretrainedConfig) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The settings of a source that a HAT takes over, under BERT's names."""
        own = {name: self.settings.get(name, name) for name in COPIED_SETTINGS}
        read = {name: getattr(config, theirs) for name, theirs in own.items() if hasattr(config, theirs)}
        return {**read, **self.constants}

    @property
    def has_token_types(self) -> bool:
        """RETURNS (bool): Whether it adds token type embeddings."""
        return "type_vocab_size" not in self.constants

    def bert_name(self, name: str) -> str:
        """RETURNS (str): BERT's name of a weight of this type's encoder."""
        return _rename(name, self.layer, "encoder.layer", {own: bert for bert, own in self.names.items()})

    def own_name(self, name: str) -> str:
        """RETURNS (str): This type's name of a weight of BERT's encoder."""
        return _rename(name, "encoder.layer", self.layer, self.names)


def _rename(name: str, layer: str, new_layer: str, parts: Mapping[str, str]) -> str:
    """`encoder.layer.3.attention.self.query.weight` <-> `transformer.layer.3.attention.q_lin.weight`"""
    if not name.startswith(f"{layer}."):
        return name
    number, _, weight = name.removeprefix(f"{layer}.").partition(".")
    module, _, parameter = weight.rpartition(".")
    return f"{new_layer}.{number}.{parts.get(module, module)}.{parameter}"


_DISTILBERT = SourceType(
    settings={
        "intermediate_size": "hidden_dim",
        "hidden_act": "activation",
        "hidden_dropout_prob": "dropout",
        "attention_probs_dropout_prob": "attention_dropout",
    },
    # It has no token types; a table of one row of zeros adds nothing.
    constants={"layer_norm_eps": 1e-12, "type_vocab_size": 1},
    layer="transformer.layer",
    names={
        "attention.self.query": "attention.q_lin",
        "attention.self.key": "attention.k_lin",
        "attention.self.value": "attention.v_lin",
        "attention.output.dense": "attention.out_lin",
        "attention.output.LayerNorm": "sa_layer_norm",
        "intermediate.dense": "ffn.lin1",
        "output.dense": "ffn.lin2",
        "output.LayerNorm": "output_layer_norm",
    },
)
SOURCE_TYPES: dict[str, SourceType] = {
    "bert": SourceType(),
    "electra": SourceType(),
    "distilbert": _DISTILBERT,
    "roberta": SourceType(positions_behind_padding=True),
    "xlm-roberta": SourceType(positions_behind_padding=True),
    "camembert": SourceType(positions_behind_padding=True),
    "data2vec-text": SourceType(positions_behind_padding=True),
}

_RELATIVE = "its attention adds a bias for the distance between pieces, which HAT's attention does not have"
_NARROW = "its embeddings are narrower than its layers, and HAT has no projection between them"
_PRE_NORM = "it normalises before each half of a layer, HAT after"
REASONS = {
    "mpnet": _RELATIVE,
    "deberta": _RELATIVE,
    "deberta-v2": _RELATIVE,
    "albert": _NARROW,
    "convbert": "its layers are partly convolutions",
    "modernbert-decoder": "its pieces see those before them only, and HAT's see both sides",
    "roberta-prelayernorm": _PRE_NORM,
    "xlm-roberta-xl": _PRE_NORM,
}


def refusal(model_type: str) -> str:
    """RETURNS (str): Why a HAT cannot start from a model of this type."""
    return REASONS.get(model_type, "its blocks are others")


def supported() -> str:
    """RETURNS (str): The types that a HAT can start from, for an error."""
    return ", ".join((*SOURCE_TYPES, *ROTARY_TYPES))
