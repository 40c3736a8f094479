"""Copy the parts of a rotary encoder into a HAT, fused projections split, and note what went where."""

from torch import Tensor, nn

from ...choices import DocumentPositions, ExtraBlocks
from ..model import HATModel
from ..rotary_block import RotaryEmbeddings
from .report import WarmStartReport
from .rotary_names import RotaryNames

TOKEN_TYPES = "embeddings.token_type_embeddings"


class RotaryTransplant:
    """One HAT, the encoder whose weights it gets, and the report of what is done. Nothing is shared between the two.

    model (HATModel): Filled in place.
    weights (dict[str, Tensor]): The encoder's, by its own names; only read.
    names (RotaryNames): What it calls them.
    depth (int): Its layers.
    report (WarmStartReport): Added to.
    """

    def __init__(
        self, model: HATModel, weights: dict[str, Tensor], names: RotaryNames, depth: int, report: WarmStartReport
    ) -> None:
        self.model = model
        self.weights = weights
        self.names = names
        self.depth = depth
        self.report = report
        self._used: set[str] = set()

    def embeddings(self) -> None:
        """Words, with the token type that all pieces of a document have, and the norms around the blocks."""
        embeddings = self.model.embeddings
        assert isinstance(embeddings, RotaryEmbeddings)  # the configuration said so
        words = embeddings.word_embeddings
        words.weight.copy_(self._read(f"{self.names.words}.weight"))
        self.report.copied["embeddings.word_embeddings"] = self.names.words
        if f"{TOKEN_TYPES}.weight" in self.weights:
            # The order of the sum is the source's, so that it is to the bit what the source adds up.
            words.weight.add_(self._read(f"{TOKEN_TYPES}.weight")[0])
            self.report.copied["embeddings.word_embeddings"] += f" + {TOKEN_TYPES}[0]"
        for ours, theirs in self.names.norms.items():
            for name, parameter in self.model.get_submodule(ours).named_parameters():
                parameter.copy_(self._read(f"{theirs}.{name}"))
            self.report.copied[ours] = theirs

    def document_positions(self, how: DocumentPositions) -> None:
        """Do nothing: there are none.

        how (DocumentPositions): "copy", which is what is asked for where nothing is said.
        RAISES (ValueError): If something is asked for.
        """
        if how != "copy":
            raise ValueError(
                f"document_positions is {how!r}, but a HAT from {self.report.source} has no table of document "
                "positions to fill: its segments are told apart by rotation. Leave --document-positions out."
            )

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
        layer = f"{self.names.layer}.{origin}"
        theirs = self.names.split(self.weights, origin)
        self._used.update(weight for weight in self.weights if weight.startswith(f"{layer}."))
        for own, parameter in block.named_parameters():
            # The lowest layer's attention may have none; a norm of ours begins as ones, and zeros.
            if own in theirs or not own.startswith("attention_norm."):
                parameter.copy_(theirs[own])
            elif own.endswith(".weight"):
                self.report.fresh.append(f"{name}.attention_norm: ones, as the source's layer {origin} has none")
        self.report.copied[name] = layer

    def unused(self) -> list[str]:
        """RETURNS (list[str]): Names in the source of the encoder's weights that nothing was made of."""
        return [name for name in self.weights if name not in self._used]

    def _read(self, name: str) -> Tensor:
        self._used.add(name)
        return self.weights[name]
