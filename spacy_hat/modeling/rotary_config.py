"""Sizes and switches of a HAT whose blocks are ModernBERT's (see rotary_block.py)."""

from typing import Any

from transformers import PretrainedConfig

from .config import HATConfig
from .config_entries import OF_ROTARY, OF_ROTARY_ENCODERS
from .layout import layout_for_depth


class RotaryHATConfig(HATConfig):
    """Configuration of a HAT with rotary blocks. config.json has ModernBERT's names, and spacy-hat's own.

    vocab_size (int): Rows of the word embedding table.
    hidden_size (int): Width of every vector.
    num_hidden_layers (int | None): Number of blocks; follows from the layout.
    num_attention_heads (int): Heads of each attention; must divide hidden_size into even parts.
    intermediate_size (int): Width inside the feed-forward part of a block, of what is activated and of its gate.
    hidden_activation (str): Activation there, by its Hugging Face name; `gelu` is the exact (erf) one.
    embedding_dropout (float): Dropout after the embeddings.
    attention_dropout (float): Dropout on attention weights, and after attention.
    mlp_dropout (float): Dropout inside the feed-forward part of a block.
    classifier_dropout (float | None): Dropout before a head's classifier; None means mlp_dropout.
    initializer_range (float): Standard deviation of fresh weights.
    norm_eps (float): Epsilon of every layer norm.
    norm_bias (bool): Whether layer norms have a bias.
    attention_bias (bool): Whether the projections of attention have one.
    mlp_bias (bool): Whether those of the feed-forward part have one.
    mlp_output_bias (bool | None): Whether the last of those has one; None: as the others.
    post_norm (bool): Whether blocks normalise after each half, as nomic-bert and gte-v1.5 do, and not before.
        mlp_dropout then follows both halves, too, and attention_dropout is for attention weights alone.
    global_rope_theta (float): How slowly queries and keys turn with their places, where rows see their whole group:
        in some segment-wise blocks, and in all cross-segment ones.
    global_rope_factor (float): There, places are divided by it before they turn anything.
    local_rope_theta (float | None): The same of segment-wise blocks whose pieces see their neighbours; None: no other.
    global_attn_every_n_layers (int): Of so many segment-wise blocks, from the lowest on, the first sees whole segments.
    local_attention (int): Pieces that the others see: half of them, rounded down, to either side.
    pad_token_id (int): Padding piece.
    tie_word_embeddings (bool): Whether masked language modelling scores words by their embeddings.
    segment_length (int): Pieces a segment can hold, the classifier piece included.
    max_segments (int | None): Segments that can attend to each other; None: all of a document. No weight depends on it.
    layout (str | None): The blocks, such as `S|SD|D` (see layout.py).
    pooling (str): How a document head pools segment vectors: max, mean, attentive, first or last.
    frozen_blocks (int): If k > 0, the embeddings and the first k blocks take no gradient, keep no activations and
        use no dropout.
    activation_checkpointing (bool): Recompute the activations of a block in the backward pass instead of keeping them.
    """

    model_type = "rotary-hierarchical-transformer"
    kind = "rotary"
    entries = OF_ROTARY_ENCODERS
    file_entries = OF_ROTARY
    # From the names that the rest of the package, and heads, have for the same things.
    attribute_map = {  # noqa: RUF012
        "hidden_act": "hidden_activation",
        "hidden_dropout_prob": "mlp_dropout",
        "attention_probs_dropout_prob": "attention_dropout",
        "layer_norm_eps": "norm_eps",
        "max_sentences": "max_segments",
        "max_sentence_length": "segment_length",
    }

    def __init__(
        self,
        vocab_size: int = 50368,
        hidden_size: int = 768,
        num_hidden_layers: int | None = None,
        num_attention_heads: int = 12,
        intermediate_size: int = 1152,
        hidden_activation: str = "gelu",
        embedding_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        mlp_dropout: float = 0.0,
        classifier_dropout: float | None = None,
        initializer_range: float = 0.02,
        norm_eps: float = 1e-5,
        norm_bias: bool = False,
        attention_bias: bool = False,
        mlp_bias: bool = False,
        mlp_output_bias: bool | None = None,
        post_norm: bool = False,
        global_rope_theta: float = 160000.0,
        global_rope_factor: float = 1.0,
        local_rope_theta: float | None = 10000.0,
        global_attn_every_n_layers: int = 3,
        local_attention: int = 128,
        pad_token_id: int = 50283,
        tie_word_embeddings: bool = True,
        segment_length: int = 128,
        max_segments: int | None = None,
        layout: str | None = None,
        pooling: str = "max",
        frozen_blocks: int = 0,
        activation_checkpointing: bool = False,
        **kwargs: Any,
    ) -> None:
        self.embedding_dropout = embedding_dropout
        self.norm_bias = norm_bias
        self.attention_bias = attention_bias
        self.mlp_bias = mlp_bias
        self.mlp_output_bias = mlp_bias if mlp_output_bias is None else mlp_output_bias
        self.post_norm = post_norm
        self.global_rope_theta = global_rope_theta
        self.global_rope_factor = global_rope_factor
        self.local_rope_theta = local_rope_theta
        self.global_attn_every_n_layers = global_attn_every_n_layers
        self.local_attention = local_attention
        super().__init__(
            vocab_size=vocab_size,
            hidden_size=hidden_size,
            num_hidden_layers=num_hidden_layers,
            num_attention_heads=num_attention_heads,
            intermediate_size=intermediate_size,
            hidden_act=hidden_activation,
            hidden_dropout_prob=mlp_dropout,
            attention_probs_dropout_prob=attention_dropout,
            classifier_dropout=classifier_dropout,
            initializer_range=initializer_range,
            layer_norm_eps=norm_eps,
            pad_token_id=pad_token_id,
            tie_word_embeddings=tie_word_embeddings,
            segment_length=segment_length,
            max_segments=max_segments,
            layout=layout_for_depth(22) if layout is None else layout,
            pooling=pooling,
            frozen_blocks=frozen_blocks,
            activation_checkpointing=activation_checkpointing,
            **kwargs,
        )
        # There are no such tables.
        del self.type_vocab_size, self.document_position_embeddings

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict): What config.json holds."""
        values = {**PretrainedConfig.to_dict(self), "layout": self.layout}
        del values["encoder_layout"]
        return values
