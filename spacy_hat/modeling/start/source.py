"""The encoder that a HAT starts from: its configuration, and its weights, all there and under BERT's names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import CONFIG_MAPPING, PretrainedConfig

from ..files.checkpoint import MODEL_TYPES, shorten
from ..files.disk import read_config
from ..model import HATModel
from .source_types import SOURCE_TYPES, refusal, supported


def source_config(source: str | Path, **hub: Any) -> PretrainedConfig:
    """Read the source's configuration, as a class of transformers' own: AutoConfig would offer to run code of the hub.

    source (str | Path): Folder or hub name.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (PretrainedConfig): The configuration.
    RAISES (ValueError): If a HAT cannot start from such a model; says why.
    """
    values = read_config(source, **hub)
    model_type = values["model_type"]
    if model_type in MODEL_TYPES:
        raise ValueError(
            f"{source} is a HAT already ({model_type}), expected an ordinary encoder "
            f"({supported()}). Use it as it is: --paths.hat {source}"
        )
    if model_type not in SOURCE_TYPES:
        raise ValueError(
            f"A HAT cannot start from a model of type {model_type!r}: {refusal(model_type)}. Supported types: "
            f"{supported()}. Choose a source of one of them."
        )
    config = CONFIG_MAPPING[model_type].from_dict(values)
    if getattr(config, "embedding_size", config.hidden_size) != config.hidden_size:
        raise ValueError(
            f"The source's embeddings are {config.embedding_size} wide and its blocks {config.hidden_size}. HAT has no "
            "projection between them, and it cannot be folded into the embeddings, as a layer norm stands before it: "
            "choose a source where the two agree (of ELECTRA: base or large, not small)."
        )
    return config


def first_position(source: PretrainedConfig) -> int:
    """RETURNS (int): Row of the source's position table that its first piece reads."""
    return source.pad_token_id + 1 if SOURCE_TYPES[source.model_type].positions_behind_padding else 0


def encoder_weights(
    weights: dict[str, Tensor], model_type: str, source: str
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Tell the encoder's weights from those of a head; read old TensorFlow-style norms as well.

    weights (dict[str, Tensor]): As read from a file.
    model_type (str): One of SOURCE_TYPES.
    source (str): What to call the checkpoint in an error.
    RETURNS (tuple[dict[str, Tensor], dict[str, Tensor]]): The encoder's, without prefix and under the names that BERT
        has for them, and the others.
    RAISES (ValueError): If there is no encoder among them.
    """
    anchor = "embeddings.word_embeddings.weight"
    prefix = next((name.removesuffix(anchor) for name in weights if name.endswith(anchor)), None)
    if prefix is None:
        raise ValueError(f"The weights of {source} hold no {anchor}. Give a folder with a whole encoder.")
    modern = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
    bare = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
    for name in [name for name in bare if name.endswith(tuple(modern))]:
        stem, norm, parameter = name.rpartition("LayerNorm.")
        bare[stem + modern[norm + parameter]] = bare.pop(name)
    source_type = SOURCE_TYPES[model_type]
    others = {name: weight for name, weight in weights.items() if not name.startswith(prefix)}
    return {source_type.bert_name(name): weight for name, weight in bare.items()}, others


def check_weights(weights: dict[str, Tensor], model: HATModel, config: PretrainedConfig, source: str) -> None:
    """Check that everything is there which a warm start copies.

    weights (dict[str, Tensor]): The encoder's, as encoder_weights gives them.
    model (HATModel): What they are to be copied into.
    config (PretrainedConfig): The source's configuration.
    source (str): What to call the checkpoint in an error.
    RAISES (ValueError): If weights are missing or misshapen; lists them.
    """
    expected = dict(_needed(model, config))
    own_name = SOURCE_TYPES[config.model_type].own_name
    missing = [own_name(name) for name in expected if name not in weights]
    misshapen = [
        f"{own_name(name)} {tuple(weights[name].shape)}, expected {shape}"
        for name, shape in expected.items()
        if name in weights and tuple(weights[name].shape) != shape
    ]
    problems = {"missing": missing, "misshapen": misshapen}
    if any(problems.values()):
        report = "\n".join(f"  {kind}: {shorten(names)}" for kind, names in problems.items() if names)
        raise ValueError(
            f"The weights of {source} do not fit its config.json:\n{report}\nFetch the source again, whole, with the "
            "config.json that belongs to it."
        )


def _needed(model: HATModel, config: PretrainedConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, parameter in model.embeddings.named_parameters():
        if name == "token_type_embeddings.weight" and not SOURCE_TYPES[config.model_type].has_token_types:
            continue
        is_positions = name == "position_embeddings.weight"
        shape = (config.max_position_embeddings, config.hidden_size) if is_positions else tuple(parameter.shape)
        yield f"embeddings.{name}", shape
    for number, layer in enumerate(model.encoder.layers()):
        for block in (layer.sentence_encoder, layer.document_encoder):
            for name, parameter in block.named_parameters() if block is not None else ():
                yield f"encoder.layer.{min(number, config.num_hidden_layers - 1)}.{name}", tuple(parameter.shape)
