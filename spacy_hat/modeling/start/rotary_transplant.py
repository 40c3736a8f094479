"""Copy the parts of a ModernBERT into a HAT, fused projections split, and note what went where."""

from torch import Tensor, nn

from ...choices import ExtraBlocks
from ..model import HATModel
from ..rotary_block import RotaryEmbeddings
from .report import WarmStartReport
from .rotary_source import split_layer


class RotaryTransplant:
    """One HAT, the encoder whose weights it gets, and the report of what is done. Nothing is shared between the two.

    model (HATModel): Filled in place.
    weights (dict[str, Tensor]): The encoder's, by its own names; only read.
    depth (int): Its layers.
    report (WarmStartReport): Added to.
    """

    def __init__(self, model: HATModel, weights: dict[str, Tensor], depth: int, report: WarmStartReport) -> None:
        self.model = model
        self.weights = weights
        self.depth = depth
        self.report = report
        self._used: set[str] = set()

    def embeddings(self) -> None:
        """Words and layer norm as they are, and the norm behind the highest block."""
        embeddings = self.model.embeddings
        assert isinstance(embeddings, RotaryEmbeddings)  # the configuration said so
        parts: tuple[tuple[nn.Module, str, str], ...] = (
            (embeddings.word_embeddings, "embeddings.word_embeddings", "embeddings.tok_embeddings"),
            (embeddings.norm, "embeddings.norm", "embeddings.norm"),
            (self.model.encoder.final_norm, "encoder.final_norm", "final_norm"),
        )
        for module, ours, theirs in parts:
            for name, parameter in module.named_parameters():
                parameter.copy_(self.weights[f"{theirs}.{name}"])
                self._used.add(f"{theirs}.{name}")
            self.report.copied[ours] = theirs

    def blocks(self, extra_blocks: ExtraBlocks) -> None:
        """Fill both parts of block i from layer i of the source.

        extra_blocks (ExtraBlocks): Blocks beyond its depth take the top layer, or stay as they are if "fresh".
        """
        for number, layer in enumerate(self.model.encoder.layers()):
            for part in ("sentence_encoder", "document_encoder"):
                block: nn.Module | None = getattr(layer, part)
                if block is None:
                    continue
                name = f"encoder.layer.{number}.{part}"
                if number >= self.depth and extra_blocks == "fresh":
                    self.report.fresh.append(f"{name}: random")
                else:
                    self._block(block, name, min(number, self.depth - 1))

    def _block(self, block: nn.Module, name: str, origin: int) -> None:
        theirs = split_layer(self.weights, origin)
        self._used.update(weight for weight in self.weights if weight.startswith(f"layers.{origin}."))
        for own, parameter in block.named_parameters():
            # The lowest layer's attention has none; a norm of ours begins as ones, and zeros.
            if own in theirs or not own.startswith("attention_norm."):
                parameter.copy_(theirs[own])
            elif own.endswith(".weight"):
                self.report.fresh.append(f"{name}.attention_norm: ones, as the source's layer {origin} has none")
        self.report.copied[name] = f"layers.{origin}"

    def unused(self) -> list[str]:
        """RETURNS (list[str]): Names in the source of the encoder's weights that nothing was made of."""
        return [name for name in self.weights if name not in self._used]
