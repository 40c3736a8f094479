"""Copy the parts of an encoder into a HAT, and note what went where."""

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig

from ...choices import DocumentPositions, ExtraBlocks
from ..block import TransformerBlock
from ..model import HATModel
from .report import WarmStartReport
from .source import first_position
from .source_types import SOURCE_TYPES

TOKEN_TYPES = "embeddings.token_type_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"


class Transplant:
    """One HAT, the encoder whose weights it gets, and the report of what is done. Nothing is shared between the two.

    model (HATModel): Filled in place.
    weights (dict[str, Tensor]): The encoder's, under BERT's names; only read.
    source (PretrainedConfig): The encoder's configuration.
    report (WarmStartReport): Added to.
    """

    def __init__(
        self, model: HATModel, weights: dict[str, Tensor], source: PretrainedConfig, report: WarmStartReport
    ) -> None:
        self.model = model
        self.weights = weights
        self.source = source
        self.report = report
        self._own_name = SOURCE_TYPES[source.model_type].own_name
        self._used: set[str] = set()

    def embeddings(self) -> None:
        """Words, token types and layer norm as they are; positions so that the first piece reads the source's first."""
        own = dict(self.model.embeddings.named_parameters())
        positions = own.pop("position_embeddings.weight")
        if not SOURCE_TYPES[self.source.model_type].has_token_types:
            nn.init.zeros_(own.pop("token_type_embeddings.weight"))
            self.report.fresh.append(f"{TOKEN_TYPES}: zeros, as the source has no token types")
        for name, parameter in own.items():
            parameter.copy_(self._read(f"embeddings.{name}"))
            self.report.copied[f"embeddings.{name}"] = f"embeddings.{name}"
        pad, first = self.model.config.pad_token_id, first_position(self.source)
        length = self.model.config.segment_length
        table = self._read(POSITIONS)
        positions.zero_()
        positions[:first] = table[:first]
        positions[pad + 1 : pad + 1 + length] = table[first : first + length]
        self.report.copied[f"{POSITIONS}[{pad + 1}:{pad + 1 + length}]"] = f"{POSITIONS}[{first}:{first + length}]"

    def document_positions(self, how: DocumentPositions) -> None:
        """Fill the table of document positions: segment s reads row s + 1; row 0, of padded segments, is zeros.

        how (DocumentPositions): From the source's token positions: the first rows, those over
            and over, or all of them stretched.
        RAISES (ValueError): If there are too few to copy.
        """
        table = self.model.encoder.document_positions()
        if table is None:
            return
        rows = self._read(POSITIONS)[first_position(self.source) :]
        n_segments = self.model.config.max_segments
        if how == "copy" and n_segments > len(rows):
            raise ValueError(
                f"max_segments is {n_segments}, but the source has positions for {len(rows)} pieces to copy. Choose "
                "fewer segments (--max-segments), or --document-positions repeat or interpolate; in Python, "
                "document_positions='repeat' or 'interpolate'."
            )
        if how == "interpolate":
            stretched = nn.functional.interpolate(rows.T[None], size=n_segments, mode="linear", align_corners=True)
            chosen = stretched[0].T
        else:
            chosen = rows[torch.arange(n_segments) % len(rows)]
        table.weight.zero_()
        table.weight[1:] = chosen
        self.report.copied["document positions"] = f"{POSITIONS} ({how})"

    def blocks(self, extra_blocks: ExtraBlocks) -> None:
        """Fill both parts of block i from layer i of the source.

        extra_blocks (ExtraBlocks): Blocks beyond its depth take the top layer, or stay as they
            are if "fresh".
        """
        depth = self.source.num_hidden_layers
        for number, layer in enumerate(self.model.encoder.layers()):
            for part in ("sentence_encoder", "document_encoder"):
                block: TransformerBlock | None = getattr(layer, part)
                if block is None:
                    continue
                if number >= depth and extra_blocks == "fresh":
                    self.report.fresh.append(f"encoder.layer.{number}.{part}: random")
                    continue
                origin = f"encoder.layer.{min(number, depth - 1)}"
                for name, parameter in block.named_parameters():
                    parameter.copy_(self._read(f"{origin}.{name}"))
                self.report.copied[f"encoder.layer.{number}.{part}"] = self._layer_name(origin)

    def unused(self) -> list[str]:
        """RETURNS (list[str]): Names in the source of the encoder's weights that nothing was made of."""
        return [self._own_name(name) for name in self.weights if name not in self._used]

    def _read(self, name: str) -> Tensor:
        self._used.add(name)
        return self.weights[name]

    def _layer_name(self, origin: str) -> str:
        """`encoder.layer.3` as the source has it."""
        return self._own_name(f"{origin}.module.weight").removesuffix(".module.weight")
