"""Sizes and switches of a HAT encoder."""

from collections.abc import Mapping
from typing import Any

from transformers import PretrainedConfig

from .config_checks import check_config
from .config_entries import OF_ENCODERS, OF_HAT, known_entries
from .layout import layout_from_published, layout_to_published
from .pipeline_guard import guard_pipelines

PRECISION_NAMES = ("torch_dtype", "dtype")


class HATConfig(PretrainedConfig):
    """Configuration of a Hierarchical Attention Transformer; config.json keeps the published names.

    vocab_size (int): Rows of the word embedding table.
    hidden_size (int): Width of every vector.
    num_hidden_layers (int | None): Number of blocks; follows from the layout.
    num_attention_heads (int): Heads of each attention; must divide hidden_size.
    intermediate_size (int): Width inside the feed-forward part of a block.
    hidden_act (str): Activation there, by its Hugging Face name; `gelu` is the exact (erf) one.
    hidden_dropout_prob (float): Dropout after the embeddings and after the two output projections of a block.
    attention_probs_dropout_prob (float): Dropout on attention weights.
    classifier_dropout (float | None): Dropout before a head's classifier; None means hidden_dropout_prob.
    type_vocab_size (int): Rows of the token type table.
    initializer_range (float): Standard deviation of fresh weights.
    layer_norm_eps (float): Epsilon of every layer norm.
    pad_token_id (int): Padding piece. Position ids start behind it, as in RoBERTa.
    tie_word_embeddings (bool): Whether masked language modelling scores words by their embeddings.
    max_sentences (int): `max_segments`, segments that can attend to each other.
    max_sentence_length (int | None): `segment_length`, pieces a segment can hold, the classifier piece included.
    max_sentence_size (int | None): Older name of the same; read only where max_sentence_length is missing.
    encoder_layout (Mapping | None): The published form of the layout.
    layout (str | None): The same as a string such as `S|SD|D` (see layout.py). Give one of the two.
    document_position_embeddings (bool): Whether cross-segment blocks see where a segment stands. Published checkpoints
        were trained without, and their config.json says nothing: False.
    pooling (str): How a document head pools segment vectors: max, mean, attentive, first or last.
    pool_padding (bool): Pool over wholly padded segments too, as the published code does; for its numbers only.
    frozen_blocks (int): If k > 0, the embeddings and the first k blocks take no gradient, keep no activations and
        use no dropout.
    activation_checkpointing (bool): Recompute the activations of a block in the backward pass instead of keeping them.
    """

    model_type = "hierarchical-transformer"
    # Which kind of block it is the configuration of (see kinds.py), what its entries may hold, and those in a file.
    kind = "absolute"
    entries = OF_ENCODERS
    file_entries = OF_HAT
    attribute_map = {  # noqa: RUF012
        "max_segments": "max_sentences",
        "segment_length": "max_sentence_length",
        "max_sentence_size": "max_sentence_length",
    }

    def __init__(
        self,
        vocab_size: int = 50265,
        hidden_size: int = 768,
        num_hidden_layers: int | None = None,
        num_attention_heads: int = 12,
        intermediate_size: int = 3072,
        hidden_act: str = "gelu",
        hidden_dropout_prob: float = 0.1,
        attention_probs_dropout_prob: float = 0.1,
        classifier_dropout: float | None = None,
        type_vocab_size: int = 1,
        initializer_range: float = 0.02,
        layer_norm_eps: float = 1e-5,
        pad_token_id: int = 1,
        tie_word_embeddings: bool = True,
        max_sentences: int = 32,
        max_sentence_length: int | None = None,
        max_sentence_size: int | None = None,
        encoder_layout: Mapping[str, Mapping[str, bool]] | None = None,
        layout: str | None = None,
        document_position_embeddings: bool = False,
        pooling: str = "max",
        pool_padding: bool = False,
        frozen_blocks: int = 0,
        activation_checkpointing: bool = False,
        **kwargs: Any,
    ) -> None:
        self.max_sentences = kwargs.pop("max_segments", max_sentences)
        lengths = (kwargs.pop("segment_length", None), max_sentence_length, max_sentence_size, 128)
        self.max_sentence_length = next(length for length in lengths if length is not None)
        if layout is None:
            layout = "|".join(["S", "S", "SD"] * 4) if encoder_layout is None else layout_from_published(encoder_layout)
        self.layout = layout
        if num_hidden_layers is not None:
            self.num_hidden_layers = num_hidden_layers
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.classifier_dropout = classifier_dropout
        self.type_vocab_size = type_vocab_size
        self.initializer_range = initializer_range
        self.layer_norm_eps = layer_norm_eps
        self.document_position_embeddings = document_position_embeddings
        self.pooling = pooling
        self.pool_padding = pool_padding
        self.frozen_blocks = frozen_blocks
        self.activation_checkpointing = activation_checkpointing
        for derived in ("max_position_embeddings", "model_max_length"):
            kwargs.pop(derived, None)
        super().__init__(pad_token_id=pad_token_id, tie_word_embeddings=tie_word_embeddings, **kwargs)
        guard_pipelines()  # here, since `pipeline` makes a configuration before it chooses a class

    @property
    def layout(self) -> str:
        """RETURNS (str): The stack of blocks, such as `S|SD|D`. Setting it sets the number of blocks too."""
        return layout_from_published(self.encoder_layout)

    @layout.setter
    def layout(self, layout: str) -> None:
        self.encoder_layout = layout_to_published(layout)
        self.num_hidden_layers = len(self.encoder_layout)

    @property
    def max_position_embeddings(self) -> int:
        """RETURNS (int): Rows of the token position table."""
        return self.max_sentence_length + self.pad_token_id + 1

    @classmethod
    def from_dict(cls, config_dict: Mapping[str, Any], **kwargs: Any) -> Any:
        """Make a configuration of what a file says. Entries that a HAT has no use for are not taken over.

        config_dict (Mapping[str, Any]): What stands in config.json.
        **kwargs: Entries to override, and Hugging Face's own options.
        RETURNS (HATConfig): The configuration; with return_unused_kwargs a tuple of it and the others of kwargs.
        RAISES (ValueError): If an entry is not of its type or outside its range, or asks for what a HAT does not
            compute.
        """
        table = cls.file_entries
        # `pipeline` asks for the precision of the file, in the place of a precision.
        kwargs = {name: value for name, value in kwargs.items() if value != "auto" or name not in PRECISION_NAMES}
        said = {**config_dict, **{name: value for name, value in kwargs.items() if name in table}}
        known_entries(said, table, source="")
        return super().from_dict(known_entries(config_dict, table, source=""), **kwargs)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict): What config.json holds: the attributes, and the derived sizes that published code reads."""
        return {
            **super().to_dict(),
            "max_sentence_length": self.max_sentence_length,
            "max_sentence_size": self.max_sentence_length,
            "max_position_embeddings": self.max_position_embeddings,
            "model_max_length": self.max_sentences * self.max_sentence_length,
        }

    def validate_sizes(self) -> None:
        """Check every field, and that they agree, before a model is built.

        RAISES (ValueError): If the configuration cannot be built; says what to change.
        """
        check_config(self)


class HiTransformerConfig(HATConfig):
    """The same configuration under the other published model type."""

    model_type = "hi-transformer"

    # transformers 5 would otherwise write an initializer of its own for this class.
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
