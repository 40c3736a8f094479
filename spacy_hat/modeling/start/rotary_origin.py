"""An encoder with rotary positions that a HAT starts from: a ModernBERT, a nomic-bert, a gte-v1.5."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from ..config import HATConfig
from ..files.problems import Shape, WeightProblems
from ..layout import format_layout, parse_layout
from ..model import HATModel
from ..rotary_config import RotaryHATConfig
from .post_norm_source import read_post_norm_settings
from .report import WarmStartReport
from .rotary_names import GTE, MODERNBERT, NOMIC_BERT
from .rotary_source import read_settings
from .rotary_transplant import TOKEN_TYPES, RotaryTransplant
from .source_types import ROTARY_TYPES

_READ = {
    "modernbert": (read_settings, MODERNBERT),
    "nomic_bert": (read_post_norm_settings, NOMIC_BERT),
    "gte": (read_post_norm_settings, GTE),
    "new": (read_post_norm_settings, GTE),
}
assert set(_READ) == set(ROTARY_TYPES)


class RotaryOrigin:
    """One of them. See Origin.

    source (str): What to call the checkpoint in an error.
    values (Mapping[str, Any]): What its config.json says.
    """

    def __init__(self, source: str, values: Mapping[str, Any]) -> None:
        read, self.names = _READ[values["model_type"]]
        self.source = source
        self.settings = read(values, source)
        self.depth = self.settings.pop("num_hidden_layers")
        self.trained_on = self.settings.pop("max_position_embeddings")
        self.n_token_types = self.settings.pop("type_vocab_size", 0)

    def config(self, layout: str, segment_length: int, max_segments: int | None) -> HATConfig:
        if segment_length > self.trained_on:
            raise ValueError(
                f"segment_length is {segment_length}, but the source was made for up to {self.trained_on} pieces. "
                f"Choose at most {self.trained_on}: --segment-length {self.trained_on}."
            )
        return RotaryHATConfig(
            **self.settings,
            layout=format_layout(parse_layout(layout)),
            segment_length=segment_length,
            max_segments=max_segments,
        )

    def check(self, shapes: Mapping[str, Shape], hat: HATConfig) -> None:
        assert isinstance(hat, RotaryHATConfig)  # config made it
        found, _ = self.names.encoder(shapes, self.source)
        n_blocks = len(parse_layout(hat.layout))
        expected = self.names.shapes(hat, self.depth)
        if self.n_token_types:
            expected[f"{TOKEN_TYPES}.weight"] = (self.n_token_types, hat.hidden_size)
        copied = self.names.shapes(hat, min(self.depth, n_blocks))
        above = [name for name in expected if name not in copied and not name.startswith(TOKEN_TYPES)]
        WeightProblems.between(expected, found, optional=above).check(
            f"The weights of {self.source} do not fit its config.json",
            "Fetch the source again, whole, with the config.json that belongs to it.",
        )

    def padding_piece(self, tokenizer: PreTrainedTokenizerBase) -> int:
        own: int = self.settings["pad_token_id"]
        return own if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)

    def transplant(
        self, model: HATModel, weights: Mapping[str, Tensor], report: WarmStartReport
    ) -> tuple[RotaryTransplant, list[str]]:
        own, others = self.names.encoder(weights, self.source)
        return RotaryTransplant(model, own, self.names, self.depth, report), list(others)
