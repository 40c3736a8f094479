"""Tiny random models and padded batches for the modeling tests."""

from typing import Any

import numpy as np
import torch

from spacy_hat.modeling import HATConfig, PackedInputs

LAYOUT = "S|SD|D|SD"
VOCAB_SIZE = 60
SEGMENT_LENGTH = 8
MAX_SEGMENTS = 5
FAMILIES: dict[str, dict[str, int]] = {
    "roberta": {"pad_token_id": 1, "type_vocab_size": 1, "bos_token_id": 0, "eos_token_id": 2},
    "bert": {"pad_token_id": 0, "type_vocab_size": 2, "bos_token_id": 3, "eos_token_id": 4},
}
# real pieces of each segment of each document; 0: a wholly padded segment
FULL = [[8, 8, 8], [8, 8, 8]]
RAGGED = [[8, 8, 8, 8], [8, 5, 1, 3], [2, 8, 7, 1]]
TRAILING_PADDED = [[8, 8, 8, 8], [8, 3, 0, 0], [1, 0, 0, 0]]
MIDDLE_PADDED = [[4, 0, 8, 2], [8, 0, 0, 5], [0, 0, 8, 3]]
BATCHES = {"full": FULL, "ragged": RAGGED, "trailing_padded": TRAILING_PADDED, "middle_padded": MIDDLE_PADDED}


def encoder_layout(layout: str) -> dict[str, dict[str, bool]]:
    """The published form of a layout such as `S|SD`; `-` is a block with neither part."""
    return {
        str(number): {"sentence_encoder": "S" in parts, "document_encoder": "D" in parts}
        for number, parts in enumerate(layout.split("|"))
    }


def tiny_settings(layout: str = LAYOUT, family: str = "roberta", **settings: Any) -> dict[str, Any]:
    """The contents of a config.json, every dropout 0."""
    pad = FAMILIES[family]["pad_token_id"]
    segment_length = settings.get("max_sentence_length", SEGMENT_LENGTH)
    return {
        "vocab_size": VOCAB_SIZE,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_attention_heads": 4,
        "num_hidden_layers": len(layout.split("|")),
        "encoder_layout": encoder_layout(layout),
        "max_sentence_length": segment_length,
        "max_sentences": MAX_SEGMENTS,
        "max_position_embeddings": segment_length + pad + 1,
        "layer_norm_eps": 1e-5,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "document_position_embeddings": True,
        "pool_padding": False,
        "num_labels": 3,
        **FAMILIES[family],
        **settings,
    }


def randomise(model: Any, seed: int = 0, scale: float = 0.3) -> Any:
    """Give every parameter, padding rows included, values far from those of an untrained model."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if name.endswith(("LayerNorm.weight", "layer_norm.weight")) else 0.0
            parameter.copy_(centre + scale * torch.randn(parameter.shape, generator=generator))
    return model


def tiny_model(cls: Any, settings: dict[str, Any], seed: int = 0) -> Any:
    """A model of a class of `spacy_hat.modeling`, with random weights, in eval mode."""
    return randomise(cls(HATConfig(**settings)), seed).eval()


def make_batch(segment_lengths: list[list[int]], settings: dict[str, Any], seed: int = 0) -> dict[str, torch.Tensor]:
    """Padded input of the given numbers of real pieces.

    segment_lengths (list[list[int]]): Real pieces of each segment of each document, as many segments in each.
    RETURNS (dict[str, Tensor]): `input_ids` and `attention_mask`, and `token_type_ids` where the family has two types,
        (n_docs, n_segments * segment_length) each.
    """
    generator = torch.Generator().manual_seed(seed)
    length, pad = settings["max_sentence_length"], settings["pad_token_id"]
    lengths = torch.tensor(segment_lengths)
    real = torch.arange(length)[None, None, :] < lengths[:, :, None]
    ids = torch.randint(5, settings["vocab_size"], real.shape, generator=generator)
    ids[:, :, 0] = settings["bos_token_id"]
    batch = {"input_ids": ids.masked_fill(~real, pad).flatten(1), "attention_mask": real.long().flatten(1)}
    if settings["type_vocab_size"] > 1:
        batch["token_type_ids"] = torch.randint(0, 2, batch["input_ids"].shape, generator=generator)
    return batch


def as_arrays(batch: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """RETURNS (dict[str, ndarray]): The same batch in numpy."""
    return {name: tensor.numpy() for name, tensor in batch.items()}


def first_pieces(batch: dict[str, torch.Tensor], settings: dict[str, Any]) -> torch.Tensor:
    """Which segments exist: the mask of their first pieces, (n_docs, n_segments)."""
    return batch["attention_mask"][:, :: settings["max_sentence_length"]] == 1


def encode(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The first output without gradients: of the encoder the last hidden state, of a head the logits."""
    with torch.no_grad():
        return model(**batch)[0]


def gradients(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """RETURNS (dict[str, Tensor]): Name -> gradient of each parameter that has one."""
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def backward(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """RETURNS (dict[str, Tensor]): Gradients of a random weighting of the last hidden state."""
    model.zero_grad()
    output = model(**batch).last_hidden_state
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(5))
    (output * weights).sum().backward()
    return gradients(model)


def pack(segment_lengths: list[list[int]], batch: dict[str, torch.Tensor], settings: dict[str, Any]) -> PackedInputs:
    """The same documents in the packed interface; segments of no pieces are not there, but keep their place."""
    ids = batch["input_ids"].numpy()
    length = settings["max_sentence_length"]
    pieces: list[int] = []
    lengths: list[int] = []
    windows: list[int] = []
    places: list[int] = []
    for doc, segments in enumerate(segment_lengths):
        real = [place for place, n_pieces in enumerate(segments) if n_pieces]
        windows.append(len(real))
        for place in real:
            pieces.extend(ids[doc, place * length : place * length + segments[place]])
            lengths.append(segments[place])
            places.append(place)
    return PackedInputs(*(np.array(values, dtype=np.int64) for values in (pieces, lengths, windows, places)))
