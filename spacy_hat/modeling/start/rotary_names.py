"""What rotary encoders call their weights, of which some are several of ours in one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..files.problems import RefusedError, Shape
from ..files.shapes import rotary_block_shapes
from ..rotary_config import RotaryHATConfig

KINDS = ("weight", "bias")


@dataclass(frozen=True)
class RotaryNames:
    """The names of one type of encoder.

    words (str): Its word embeddings.
    embedding_norm (str): The layer norm behind them.
    layer (str): What the names of layer i begin with, up to i.
    parts (Mapping[str, tuple[str, ...]]): A part of a layer -> those of a rotary block that it holds, in the order of
        its rows.
    final_norm (str | None): The layer norm behind the highest layer, if there is one.
    """

    words: str
    embedding_norm: str
    layer: str
    parts: Mapping[str, tuple[str, ...]]
    final_norm: str | None = None

    @property
    def norms(self) -> dict[str, str]:
        """RETURNS (dict[str, str]): Ours -> its, of the layer norms around the blocks."""
        norms = {"embeddings.norm": self.embedding_norm}
        return norms if self.final_norm is None else norms | {"encoder.final_norm": self.final_norm}

    def shapes(self, config: RotaryHATConfig, depth: int) -> dict[str, Shape]:
        """List the weights of such an encoder; of token types, which not all have, there is no word here.

        config (RotaryHATConfig): The HAT's; the source's sizes are the same.
        depth (int): Layers.
        RETURNS (dict[str, tuple[int, ...]]): Name, without prefix -> shape.
        """
        return dict(self._shapes(config, depth))

    def _shapes(self, config: RotaryHATConfig, depth: int) -> Iterator[tuple[str, Shape]]:
        yield f"{self.words}.weight", (config.vocab_size, config.hidden_size)
        for norm in self.norms.values():
            for kind in KINDS[: 1 + config.norm_bias]:
                yield f"{norm}.{kind}", (config.hidden_size,)
        for number in range(depth):
            ours = rotary_block_shapes(config, is_lowest=number == 0)
            for theirs, parts in self.parts.items():
                for kind in KINDS:
                    held = [ours[f"{part}.{kind}"] for part in parts if f"{part}.{kind}" in ours]
                    if held:
                        rows = sum(shape[0] for shape in held)
                        yield f"{self.layer}.{number}.{theirs}.{kind}", (rows, *held[0][1:])

    def split(self, weights: Mapping[str, Tensor], number: int) -> dict[str, Tensor]:
        """Take one layer's weights, under the names of a rotary block.

        weights (Mapping[str, Tensor]): The source's, by its names.
        number (int): Of the layer.
        RETURNS (dict[str, Tensor]): Views of them.
        """
        split = {}
        for theirs, ours in self.parts.items():
            for kind in KINDS:
                fused = weights.get(f"{self.layer}.{number}.{theirs}.{kind}")
                if fused is not None:
                    parts = fused.chunk(len(ours))
                    split.update({f"{name}.{kind}": part for name, part in zip(ours, parts, strict=True)})
        return split

    def encoder(self, weights: Mapping[str, Any], source: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Tell the encoder's weights from those of a head.

        weights (Mapping[str, Any]): Tensors or shapes, by the names of a file.
        source (str): What to call the checkpoint in an error.
        RETURNS (tuple[dict[str, Any], dict[str, Any]]): The encoder's, without prefix, and the others.
        RAISES (ValueError): If there is no encoder among them, or more than one.
        """
        anchor = f"{self.words}.weight"
        prefixes = [name.removesuffix(anchor) for name in weights if name.endswith(anchor)]
        if len(prefixes) != 1:
            raise RefusedError(
                f"The weights of {source} hold {'no' if not prefixes else len(prefixes)} {anchor}, expected one. "
                "Give a folder with a whole encoder."
            )
        (prefix,) = prefixes
        parts = tuple(f"{prefix}{part}." for part in ("embeddings", self.layer, *self.norms.values()))
        own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(parts)}
        return own, {name: weight for name, weight in weights.items() if not name.startswith(parts)}


_PROJECTIONS = ("attention.query", "attention.key", "attention.value")
MODERNBERT = RotaryNames(
    words="embeddings.tok_embeddings",
    embedding_norm="embeddings.norm",
    layer="layers",
    parts={
        "attn.Wqkv": _PROJECTIONS,
        "attn.Wo": ("attention_output",),
        "mlp.Wi": ("feed_forward.dense", "feed_forward.gate"),
        "mlp.Wo": ("feed_forward_output",),
        "attn_norm": ("attention_norm",),
        "mlp_norm": ("feed_forward_norm",),
    },
    final_norm="final_norm",
)
NOMIC_BERT = RotaryNames(
    words="embeddings.word_embeddings",
    embedding_norm="emb_ln",
    layer="encoder.layers",
    parts={
        "attn.Wqkv": _PROJECTIONS,
        "attn.out_proj": ("attention_output",),
        "norm1": ("attention_norm",),
        "mlp.fc12": ("feed_forward.dense",),
        "mlp.fc11": ("feed_forward.gate",),
        "mlp.fc2": ("feed_forward_output",),
        "norm2": ("feed_forward_norm",),
    },
)
GTE = RotaryNames(
    words="embeddings.word_embeddings",
    embedding_norm="embeddings.LayerNorm",
    layer="encoder.layer",
    parts={
        "attention.qkv_proj": _PROJECTIONS,
        "attention.o_proj": ("attention_output",),
        "attn_ln": ("attention_norm",),
        "mlp.up_gate_proj": ("feed_forward.gate", "feed_forward.dense"),
        "mlp.down_proj": ("feed_forward_output",),
        "mlp_ln": ("feed_forward_norm",),
    },
)
