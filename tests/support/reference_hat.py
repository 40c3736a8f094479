"""A slow, loop-written HAT in float64 numpy: the independent oracle of the modeling tests.

It shares no code with the package. It follows the published forward pass literally: padded `(n_docs, n_pieces)` input,
one attention row after another, and the additive mask `(1 - mask) * finfo(float32).min`, so that a row with nothing to
attend attends uniformly. Outputs in positions that are padding are therefore finite but meaningless; compare the real
positions only.
"""

import math
from typing import Any

import numpy as np

Array = np.ndarray
Weights = dict[str, Array]
MASKED = float(np.finfo(np.float32).min)
PREFIX = "hi_transformer."


# --- Building blocks ------------------------------------------------------------------------------


def linear(x: Array, weights: Weights, name: str) -> Array:
    """`x` (..., n_in) times the transposed weight (n_out, n_in), plus the bias if there is one."""
    y = x @ weights[f"{name}.weight"].T
    return y + weights[f"{name}.bias"] if f"{name}.bias" in weights else y


def layer_norm(x: Array, weights: Weights, name: str, eps: float) -> Array:
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(x: Array) -> Array:
    """The exact gelu, written with erf."""
    erf = np.vectorize(math.erf, otypes=[np.float64])
    return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))


def softmax(scores: Array) -> Array:
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def attention(x: Array, key_bias: Array, weights: Weights, name: str, n_heads: int) -> Array:
    """Multi-head self-attention over one row of vectors.

    x (Array): Vectors, (n_rows, hidden_size).
    key_bias (Array): Added to the scores of each key, (n_rows,).
    RETURNS (Array): The heads' results side by side, before the output projection, (n_rows, hidden_size).
    """
    query, key, value = (linear(x, weights, f"{name}.self.{part}") for part in ("query", "key", "value"))
    head_size = x.shape[1] // n_heads
    result = np.zeros_like(x)
    for head in range(n_heads):
        columns = slice(head * head_size, (head + 1) * head_size)
        for row in range(len(x)):
            scores = key[:, columns] @ query[row, columns] / math.sqrt(head_size) + key_bias
            result[row, columns] = softmax(scores) @ value[:, columns]
    return result


def block(x: Array, key_bias: Array, weights: Weights, name: str, config: dict[str, Any]) -> Array:
    """One post-layer-norm transformer block over one row of vectors, (n_rows, hidden_size)."""
    eps = config["layer_norm_eps"]
    attended = attention(x, key_bias, weights, f"{name}.attention", config["num_attention_heads"])
    attended = linear(attended, weights, f"{name}.attention.output.dense")
    x = layer_norm(attended + x, weights, f"{name}.attention.output.LayerNorm", eps)
    hidden = gelu(linear(x, weights, f"{name}.intermediate.dense"))
    return layer_norm(linear(hidden, weights, f"{name}.output.dense") + x, weights, f"{name}.output.LayerNorm", eps)


# --- The encoder ----------------------------------------------------------------------------------


def as_reference_weights(state_dict: dict[str, Any]) -> Weights:
    """A state dict of tensors or arrays as float64 arrays, the encoder's names without their prefix."""
    return {name.removeprefix(PREFIX): np.asarray(value, dtype=np.float64) for name, value in state_dict.items()}


def position_ids_of(input_ids: Array, config: dict[str, Any]) -> Array:
    """Counted from `pad_token_id + 1` in each segment; 0 where the id is the pad id, whatever the mask says."""
    pad, length = config["pad_token_id"], config["max_sentence_length"]
    ids = np.zeros_like(input_ids)
    for doc in range(input_ids.shape[0]):
        for piece in range(input_ids.shape[1]):
            if input_ids[doc, piece] != pad:
                ids[doc, piece] = pad + 1 + piece % length
    return ids


def embed(
    weights: Weights,
    config: dict[str, Any],
    input_ids: Array | None,
    token_type_ids: Array | None,
    position_ids: Array | None,
    inputs_embeds: Array | None,
) -> Array:
    """The embedding layer. RETURNS (Array): (n_docs, n_pieces, hidden_size)."""
    if inputs_embeds is None:
        inputs_embeds = weights["embeddings.word_embeddings.weight"][input_ids]
    if position_ids is None:
        not_pads = np.full(inputs_embeds.shape[:2], config["pad_token_id"] + 1)
        position_ids = position_ids_of(not_pads if input_ids is None else input_ids, config)
    if token_type_ids is None:
        token_type_ids = np.zeros(inputs_embeds.shape[:2], dtype=np.int64)
    total = inputs_embeds + weights["embeddings.token_type_embeddings.weight"][token_type_ids]
    total = total + weights["embeddings.position_embeddings.weight"][position_ids]
    return layer_norm(total, weights, "embeddings.LayerNorm", config["layer_norm_eps"])


def cross_segment(vectors: Array, key_bias: Array, weights: Weights, layer: str, config: dict[str, Any]) -> Array:
    """The document part of one layer for one document.

    vectors (Array): Segment vectors, (n_segments, hidden_size).
    key_bias (Array): Mask of each segment's first piece, (n_segments,).
    RETURNS (Array): The vectors to put in their place, (n_segments, hidden_size).
    """
    vectors = vectors.copy()
    if config["document_position_embeddings"]:
        table = weights[f"{layer}.position_embeddings.weight"]
        for segment in range(len(vectors)):
            vectors[segment] += table[segment + 1 if key_bias[segment] >= -100 else 0]
    return block(vectors, key_bias, weights, f"{layer}.document_encoder", config)


def hidden_states(
    state_dict: dict[str, Any],
    config: dict[str, Any],
    *,
    input_ids: Array | None = None,
    attention_mask: Array | None = None,
    token_type_ids: Array | None = None,
    position_ids: Array | None = None,
    inputs_embeds: Array | None = None,
) -> list[Array]:
    """Encode padded documents.

    state_dict (dict): Weights under their published names, with or without the prefix of a head's checkpoint.
    config (dict): Contents of config.json; `document_position_embeddings` must be there.
    input_ids (Array): (n_docs, n_pieces), where n_pieces is a multiple of the segment length.
    RETURNS (list[Array]): The embeddings' output and that of every layer, (n_docs, n_pieces, hidden_size) each.
    """
    weights, length = as_reference_weights(state_dict), config["max_sentence_length"]
    x = embed(weights, config, input_ids, token_type_ids, position_ids, inputs_embeds)
    n_docs, n_pieces, _ = x.shape
    mask = np.ones((n_docs, n_pieces)) if attention_mask is None else attention_mask.astype(np.float64)
    bias = (1.0 - mask) * MASKED
    states = [x]
    for number in range(config["num_hidden_layers"]):
        parts, layer = config["encoder_layout"][str(number)], f"encoder.layer.{number}"
        x = x.copy()
        for doc in range(n_docs):
            if parts["sentence_encoder"]:
                for start in range(0, n_pieces, length):
                    rows = slice(start, start + length)
                    x[doc, rows] = block(x[doc, rows], bias[doc, rows], weights, f"{layer}.sentence_encoder", config)
            if parts["document_encoder"]:
                x[doc, ::length] = cross_segment(x[doc, ::length], bias[doc, ::length], weights, layer, config)
        states.append(x)
    return states


# --- The heads ------------------------------------------------------------------------------------


def segment_vectors(x: Array, mask: Array | None, config: dict[str, Any]) -> list[Array]:
    """The segment vectors that a head may read: those of all segments if `pool_padding`, else of the real ones.

    x (Array): Last hidden state, (n_docs, n_pieces, hidden_size).
    RETURNS (list[Array]): (n_segments, hidden_size) for each document.
    """
    length = config["max_sentence_length"]
    vectors = []
    for doc in range(len(x)):
        real = np.ones(x.shape[1]) if mask is None else mask[doc]
        starts = [start for start in range(0, x.shape[1], length) if config["pool_padding"] or real[start] == 1]
        vectors.append(x[doc, starts])
    return vectors


def pool_document(vectors: Array, weights: Weights, pooling: str) -> Array:
    """Pool a document's segment vectors, (n_segments, hidden_size) -> (hidden_size,); without segments, to zeros."""
    if len(vectors) == 0:
        return np.zeros(vectors.shape[1])
    if pooling == "attentive":
        projected = linear(vectors, weights, "pooler.attentive_pooling.lin_proj")
        scores = np.tanh(linear(projected, weights, "pooler.attentive_pooling.v"))[:, 0]
        return softmax(scores) @ vectors
    if pooling == "mean":
        return vectors.mean(axis=0)
    if pooling == "first":
        return vectors[0]
    if pooling == "last":
        return vectors[-1]
    assert pooling == "max", pooling
    return vectors.max(axis=0)


def sequence_logits(state_dict: dict[str, Any], config: dict[str, Any], pooling: str, **inputs: Array) -> Array:
    """Sequence classification. RETURNS (Array): (n_docs, n_labels)."""
    weights = as_reference_weights(state_dict)
    x = hidden_states(weights, config, **inputs)[-1]
    vectors = segment_vectors(x, inputs.get("attention_mask"), config)
    pooled = np.stack([pool_document(rows, weights, pooling) for rows in vectors])
    return linear(np.tanh(linear(pooled, weights, "pooler.dense")), weights, "classifier")


def multiple_choice_logits(state_dict: dict[str, Any], config: dict[str, Any], pooling: str, **inputs: Array) -> Array:
    """Multiple choice, on inputs (n_docs, n_choices, n_pieces). RETURNS (Array): (n_docs, n_choices)."""
    n_docs, n_choices = next(iter(inputs.values())).shape[:2]
    flat = {name: array.reshape(n_docs * n_choices, *array.shape[2:]) for name, array in inputs.items()}
    return sequence_logits(state_dict, config, pooling, **flat).reshape(n_docs, n_choices)


def sentence_logits(state_dict: dict[str, Any], config: dict[str, Any], **inputs: Array) -> Array:
    """Sequential sentence classification. RETURNS (Array): (n_docs, n_segments, n_labels)."""
    weights = as_reference_weights(state_dict)
    x = hidden_states(weights, config, **inputs)[-1][:, :: config["max_sentence_length"]]
    return linear(np.tanh(linear(x, weights, "sentencizer.dense")), weights, "classifier")


def token_logits(state_dict: dict[str, Any], config: dict[str, Any], **inputs: Array) -> Array:
    """Token classification. RETURNS (Array): (n_docs, n_pieces, n_labels)."""
    weights = as_reference_weights(state_dict)
    return linear(hidden_states(weights, config, **inputs)[-1], weights, "classifier")


def question_answering_logits(state_dict: dict[str, Any], config: dict[str, Any], **inputs: Array) -> Array:
    """Question answering. RETURNS (Array): start and end scores, (n_docs, n_pieces, 2)."""
    weights = as_reference_weights(state_dict)
    return linear(hidden_states(weights, config, **inputs)[-1], weights, "qa_outputs")


def masked_lm_logits(state_dict: dict[str, Any], config: dict[str, Any], **inputs: Array) -> Array:
    """Masked language modelling. RETURNS (Array): (n_docs, n_pieces, vocab_size)."""
    weights = as_reference_weights(state_dict)
    x = gelu(linear(hidden_states(weights, config, **inputs)[-1], weights, "lm_head.dense"))
    x = layer_norm(x, weights, "lm_head.layer_norm", config["layer_norm_eps"])
    return x @ weights["embeddings.word_embeddings.weight"].T + weights["lm_head.bias"]


# --- The losses -----------------------------------------------------------------------------------


def cross_entropy(logits: Array, labels: Array) -> float:
    """Mean over the rows whose label is not -100; logits (..., n_labels), labels (...)."""
    losses = []
    for row, label in zip(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1), strict=True):
        if label != -100:
            losses.append(-math.log(softmax(row)[label]))
    return sum(losses) / len(losses)


def binary_cross_entropy(logits: Array, labels: Array) -> float:
    """Mean over all entries; logits and labels of the same shape."""
    losses = []
    for score, label in zip(logits.reshape(-1), labels.reshape(-1), strict=True):
        probability = 1.0 / (1.0 + math.exp(-score))
        losses.append(-label * math.log(probability) - (1.0 - label) * math.log(1.0 - probability))
    return sum(losses) / len(losses)
