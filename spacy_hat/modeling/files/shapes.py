"""The weights that an encoder has by its configuration: names and shapes, by arithmetic alone.

So that what a configuration asks for is compared with what a file holds before anything of that size is made.
"""

from collections.abc import Iterator
from typing import Any

from ..layout import parse_layout
from .problems import Shape

POSITIONS = "position_embeddings.weight"


def encoder_shapes(config: Any) -> dict[str, Shape]:
    """List the weights of HATModel(config).

    config (HATConfig): A configuration that was checked.
    RETURNS (dict[str, tuple[int, ...]]): Name -> shape, in the model's order.
    """
    return dict({"absolute": _absolute, "rotary": _rotary}[config.kind](config))


def block_shapes(hidden_size: int, intermediate_size: int) -> dict[str, Shape]:
    """RETURNS (dict[str, tuple[int, ...]]): Name -> shape of every weight of one block; BERT's layers have the same."""
    square, wide = (hidden_size, hidden_size), (intermediate_size, hidden_size)
    matrices = {
        "attention.self.query": square,
        "attention.self.key": square,
        "attention.self.value": square,
        "attention.output.dense": square,
        "attention.output.LayerNorm": (hidden_size,),
        "intermediate.dense": wide,
        "output.dense": (hidden_size, intermediate_size),
        "output.LayerNorm": (hidden_size,),
    }
    return {
        f"{name}.{part}": shape if part == "weight" else shape[:1]
        for name, shape in matrices.items()
        for part in ("weight", "bias")
    }


def _absolute(config: Any) -> Iterator[tuple[str, Shape]]:
    width = config.hidden_size
    yield "embeddings.word_embeddings.weight", (config.vocab_size, width)
    yield "embeddings.position_embeddings.weight", (config.max_position_embeddings, width)
    yield "embeddings.token_type_embeddings.weight", (config.type_vocab_size, width)
    yield "embeddings.LayerNorm.weight", (width,)
    yield "embeddings.LayerNorm.bias", (width,)
    weights = block_shapes(width, config.intermediate_size)
    for number, block in enumerate(parse_layout(config.layout)):
        prefix = f"encoder.layer.{number}"
        for part, is_there in (("sentence_encoder", block.segment_wise), ("document_encoder", block.cross_segment)):
            for name, shape in weights.items() if is_there else ():
                yield f"{prefix}.{part}.{name}", shape
        if block.cross_segment:
            yield f"{prefix}.{POSITIONS}", (config.max_segments + 1, width)


def _rotary(config: Any) -> Iterator[tuple[str, Shape]]:
    width = config.hidden_size
    norm = {"weight": (width,), **({"bias": (width,)} if config.norm_bias else {})}
    yield "embeddings.word_embeddings.weight", (config.vocab_size, width)
    yield from ((f"embeddings.norm.{kind}", shape) for kind, shape in norm.items())
    for number, block in enumerate(parse_layout(config.layout)):
        for part, is_there in (("sentence_encoder", block.segment_wise), ("document_encoder", block.cross_segment)):
            prefix = f"encoder.layer.{number}.{part}"
            is_lowest = not number and part == "sentence_encoder"
            for name, shape in rotary_block_shapes(config, is_lowest).items() if is_there else ():
                yield f"{prefix}.{name}", shape
    if not config.post_norm:
        yield from ((f"encoder.final_norm.{kind}", shape) for kind, shape in norm.items())


def rotary_block_shapes(config: Any, is_lowest: bool = False) -> dict[str, Shape]:
    """List the weights of one rotary block.

    config (RotaryHATConfig): Of the HAT; the layers of its source have the same sizes.
    is_lowest (bool): Whether it is the lowest segment-wise one, whose input may be normalised already.
    RETURNS (dict[str, tuple[int, ...]]): Name -> shape.
    """
    width, inner = config.hidden_size, config.intermediate_size
    attention = ["attention.query", "attention.key", "attention.value", "attention_output"]
    norms = ["feed_forward_norm"] if is_lowest and not config.post_norm else ["attention_norm", "feed_forward_norm"]
    matrices: list[tuple[str, Shape, bool]] = [
        *((name, (width, width), config.attention_bias) for name in attention),
        ("feed_forward.dense", (inner, width), config.mlp_bias),
        ("feed_forward.gate", (inner, width), config.mlp_bias),
        ("feed_forward_output", (width, inner), config.mlp_output_bias),
        *((name, (width,), config.norm_bias) for name in norms),
    ]
    weights = {f"{name}.weight": shape for name, shape, _ in matrices}
    return weights | {f"{name}.bias": shape[:1] for name, shape, bias in matrices if bias}


def tied_tables(shapes: dict[str, Shape]) -> list[str]:
    """RETURNS (list[str]): Names of the one table of document positions, of which a file needs to have one."""
    return [name for name in shapes if name.startswith("encoder.layer.") and name.endswith(f".{POSITIONS}")]


def n_numbers(config: Any) -> int:
    """RETURNS (int): How many numbers an encoder has, the tied table counted once."""
    shapes = encoder_shapes(config)
    tied = set(tied_tables(shapes)[1:])
    return sum(_product(shape) for name, shape in shapes.items() if name not in tied)


def _product(shape: Shape) -> int:
    product = 1
    for size in shape:
        product *= size
    return product
