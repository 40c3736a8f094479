"""The encoder that a HAT starts from: its configuration, and its weights, all there and under BERT's names."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from transformers import CONFIG_MAPPING, PretrainedConfig

from ..config import HATConfig
from ..config_entries import CHOICES, MOST_BLOCKS, MOST_PIECES, NUMBERS, SHARED, SIZES, Entry, known_entries, whole
from ..files.checkpoint import MODEL_TYPES
from ..files.disk import read_config
from ..files.problems import RefusedError, Shape, WeightProblems
from ..files.shapes import block_shapes
from ..layout import parse_layout
from .source_types import COPIED_SETTINGS, SOURCE_TYPES, refusal, supported

AnyT = TypeVar("AnyT")
# What is read of a source's config.json, under BERT's names; everything else in it is left alone.
READ: dict[str, Entry] = {
    **SHARED,
    **{name: (SIZES | NUMBERS | CHOICES | SHARED)[name] for name in COPIED_SETTINGS},
    "num_hidden_layers": whole(1, MOST_BLOCKS),
    "max_position_embeddings": whole(1, MOST_PIECES),
    "embedding_size": SIZES["hidden_size"],
    "position_embedding_type": Entry(lambda value: value is None or isinstance(value, str), "a name"),
}


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
        raise RefusedError(
            f"{source} is a HAT already ({model_type}), expected an ordinary encoder "
            f"({supported()}). Use it as it is: --paths.hat {source}"
        )
    if model_type not in SOURCE_TYPES:
        raise RefusedError(
            f"A HAT cannot start from a model of type {model_type!r}: {refusal(model_type)}. Supported types: "
            f"{supported()}. Choose a source of one of them."
        )
    config_class = CONFIG_MAPPING[model_type]
    own = {name: SOURCE_TYPES[model_type].settings.get(name, name) for name in READ}
    own = {name: config_class.attribute_map.get(theirs, theirs) for name, theirs in own.items()}
    table = {**READ, **{theirs: READ[name] for name, theirs in own.items()}}
    config = config_class.from_dict(known_entries(values, table, source=str(source)))
    if getattr(config, "embedding_size", config.hidden_size) != config.hidden_size:
        raise RefusedError(
            f"The source's embeddings are {config.embedding_size} wide and its blocks {config.hidden_size}. HAT has no "
            "projection between them, and it cannot be folded into the embeddings, as a layer norm stands before it: "
            "choose a source where the two agree (of ELECTRA: base or large, not small)."
        )
    return config


def first_position(source: PretrainedConfig) -> int:
    """RETURNS (int): Row of the source's position table that its first piece reads."""
    return source.pad_token_id + 1 if SOURCE_TYPES[source.model_type].positions_behind_padding else 0


def encoder_weights(
    weights: Mapping[str, AnyT], model_type: str, source: str
) -> tuple[dict[str, AnyT], dict[str, AnyT]]:
    """Tell the encoder's weights from those of a head; read old TensorFlow-style norms as well.

    weights (Mapping[str, Any]): Tensors or shapes, by the names of a file.
    model_type (str): One of SOURCE_TYPES.
    source (str): What to call the checkpoint in an error.
    RETURNS (tuple[dict[str, Any], dict[str, Any]]): The encoder's, without prefix and under the names that BERT
        has for them, and the others.
    RAISES (ValueError): If there is no encoder among them, or more than one.
    """
    anchor = "embeddings.word_embeddings.weight"
    prefixes = [name.removesuffix(anchor) for name in weights if name.endswith(anchor)]
    if len(prefixes) != 1:
        raise RefusedError(
            f"The weights of {source} hold {'no' if not prefixes else len(prefixes)} {anchor}, expected one. Give a "
            "folder with a whole encoder."
        )
    prefix = prefixes[0]
    modern = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
    bare = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
    for name in [name for name in bare if name.endswith(tuple(modern))]:
        stem, norm, parameter = name.rpartition("LayerNorm.")
        bare[stem + modern[norm + parameter]] = bare.pop(name)
    source_type = SOURCE_TYPES[model_type]
    others = {name: weight for name, weight in weights.items() if not name.startswith(prefix)}
    return {source_type.bert_name(name): weight for name, weight in bare.items()}, others


def check_weights(weights: Mapping[str, Shape], hat: HATConfig, config: PretrainedConfig, source: str) -> None:
    """Check that everything is there which a warm start copies, and nothing which a HAT does not compute.

    weights (Mapping[str, tuple[int, ...]]): Shapes of the encoder's, as encoder_weights gives them.
    hat (HATConfig): What they are to be copied into.
    config (PretrainedConfig): The source's configuration.
    source (str): What to call the checkpoint in an error.
    RAISES (ValueError): If weights are missing, unexpected or misshapen; lists them.
    """
    named = SOURCE_TYPES[config.model_type].own_name
    expected = {named(name): shape for name, shape in _whole(hat, config)}
    found = {named(name): shape for name, shape in weights.items() if name.startswith(("embeddings.", "encoder."))}
    # Layers above the last one that is copied need not be there.
    n_blocks = len(parse_layout(hat.layout))
    above = [named(name) for name, _ in _layers(hat, range(n_blocks, config.num_hidden_layers))]
    WeightProblems.between(expected, found, optional=above).check(
        f"The weights of {source} do not fit its config.json",
        "Fetch the source again, whole, with the config.json that belongs to it.",
    )


def _whole(hat: HATConfig, config: PretrainedConfig) -> Iterator[tuple[str, Shape]]:
    """Every weight of the source's encoder, by BERT's names."""
    width = hat.hidden_size
    yield "embeddings.word_embeddings.weight", (hat.vocab_size, width)
    yield "embeddings.position_embeddings.weight", (config.max_position_embeddings, width)
    if SOURCE_TYPES[config.model_type].has_token_types:
        yield "embeddings.token_type_embeddings.weight", (hat.type_vocab_size, width)
    yield "embeddings.LayerNorm.weight", (width,)
    yield "embeddings.LayerNorm.bias", (width,)
    yield from _layers(hat, range(config.num_hidden_layers))


def _layers(hat: HATConfig, numbers: range) -> Iterator[tuple[str, Shape]]:
    shapes = block_shapes(hat.hidden_size, hat.intermediate_size)
    for number in numbers:
        for name, shape in shapes.items():
            yield f"encoder.layer.{number}.{name}", shape
