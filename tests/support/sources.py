"""Tiny random encoders of every supported family, in folders, to start a HAT from."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    CamembertConfig,
    CamembertModel,
    Data2VecTextConfig,
    Data2VecTextModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from spacy_hat.modeling import warm_start

from .tiny import randomise
from .tokenizers_tiny import bpe_tokenizer, unigram_tokenizer, wordpiece_tokenizer

DEPTH = 3
POSITIONS = 24
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_hidden_layers": DEPTH,
    "hidden_dropout_prob": 0.15,
    "attention_probs_dropout_prob": 0.05,
}
BERT = {"layer_norm_eps": 1e-12, "type_vocab_size": 2, "pad_token_id": 0, "max_position_embeddings": POSITIONS}
ROBERTA = {
    "layer_norm_eps": 1e-5,
    "type_vocab_size": 1,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "max_position_embeddings": POSITIONS + 2,
}
# family -> model, configuration, its own settings, tokenizer, first row of its position table that a piece reads
FAMILIES: dict[str, tuple[Any, Any, dict[str, Any], Any, int]] = {
    "bert": (BertModel, BertConfig, BERT, wordpiece_tokenizer, 0),
    "bert_with_head": (BertForMaskedLM, BertConfig, BERT, wordpiece_tokenizer, 0),
    "electra": (ElectraModel, ElectraConfig, {**BERT, "embedding_size": 32}, wordpiece_tokenizer, 0),
    "roberta": (RobertaModel, RobertaConfig, ROBERTA, bpe_tokenizer, 2),
    "roberta_with_head": (RobertaForMaskedLM, RobertaConfig, ROBERTA, bpe_tokenizer, 2),
    "xlm_roberta": (XLMRobertaModel, XLMRobertaConfig, ROBERTA, unigram_tokenizer, 2),
    "camembert": (CamembertModel, CamembertConfig, ROBERTA, unigram_tokenizer, 2),
    "data2vec": (Data2VecTextModel, Data2VecTextConfig, ROBERTA, bpe_tokenizer, 2),
}
DISTILBERT = {
    "dim": 32,
    "hidden_dim": 48,
    "n_heads": 4,
    "n_layers": DEPTH,
    "dropout": 0.15,
    "attention_dropout": 0.05,
    "pad_token_id": 0,
    "max_position_embeddings": POSITIONS,
}
# Those that name their settings and weights in ways of their own; the same, but for SIZES.
RENAMED: dict[str, tuple[Any, Any, dict[str, Any], Any, int]] = {
    "distilbert": (DistilBertModel, DistilBertConfig, DISTILBERT, wordpiece_tokenizer, 0),
    "distilbert_with_head": (DistilBertForMaskedLM, DistilBertConfig, DISTILBERT, wordpiece_tokenizer, 0),
    "distilbert_sinusoidal": (
        DistilBertModel,
        DistilBertConfig,
        {**DISTILBERT, "sinusoidal_pos_embds": True},
        wordpiece_tokenizer,
        0,
    ),
}
LENGTH, SEGMENTS = 16, 6
LAYOUT = "S|SD|D"


def save_encoder(encoder: Any, tokenizer: Any, folder: Path) -> None:
    """Write a checkpoint folder as Hugging Face's libraries do."""
    encoder.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


class Source:
    """A tiny random encoder, saved with its tokenizer.

    folder (Path): Where it is.
    model (PreTrainedModel): The model as it was saved, with its head if it has one.
    first (int): Row of its position table that a first piece reads.
    """

    def __init__(self, family: str, folder: Path):
        cls, config_class, settings, tokenizer, self.first = (FAMILIES | RENAMED)[family]
        own = tokenizer()
        config = config_class(**({} if family in RENAMED else SIZES), **settings, vocab_size=len(own))
        self.folder = folder
        self.model = randomise(cls(config), seed=11).eval()
        save_encoder(self.model, own, folder)

    @property
    def encoder(self) -> Any:
        return self.model.base_model

    @property
    def positions(self) -> torch.Tensor:
        """The table's rows that pieces read, (POSITIONS, hidden_size)."""
        return self.encoder.embeddings.position_embeddings.weight[self.first :]

    def start(self, layout: str = LAYOUT, **settings: Any) -> Any:
        """Warm-start from it, with copied cross-segment blocks unless told."""
        sizes = {"segment_length": LENGTH, "max_segments": SEGMENTS, "cross_segment_start": "copy", **settings}
        return warm_start(self.folder, layout=layout, **sizes)


def random_ids(source: Source, *shape: int) -> torch.Tensor:
    config = source.model.config
    return torch.randint(5, config.vocab_size, shape, generator=torch.Generator().manual_seed(0))
