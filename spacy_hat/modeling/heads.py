"""Heads over documents and segments: classification, sequential sentence classification, multiple choice."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import MultipleChoiceModelOutput, SequenceClassifierOutput

from .config import HATConfig
from .losses import cross_entropy, document_loss, segment_loss
from .model import HATModel, HATPreTrainedModel
from .padded_checks import check_shapes
from .pooling import HATPooler


class HATHead(HATPreTrainedModel):
    """An encoder with something on top; `hi_transformer` is what published checkpoints call the encoder.

    config (HATConfig): Sizes and switches.
    """

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
        self.hi_transformer = HATModel(config)
        dropout = config.classifier_dropout
        self.dropout = nn.Dropout(config.hidden_dropout_prob if dropout is None else dropout)

    def encode(self, *inputs: Tensor | None, **options: Any) -> tuple[Tensor, Any]:
        """RETURNS (tuple[Tensor, Any]): The hidden states (n_docs, n_slots, hidden_size) and the encoder's output."""
        options = {**options, "return_dict": True, "compute_padding": self.config.pool_padding}
        output = self.hi_transformer(*inputs, **options)
        return output.last_hidden_state, output

    def segments(self, hidden: Tensor, attention_mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Segment vectors, and which of them count.

        hidden (Tensor): (n_docs, n_slots, hidden_size).
        attention_mask (Tensor | None): (n_docs, n_slots).
        RETURNS (tuple[Tensor, Tensor]): (n_docs, n_segments, hidden_size) and (n_docs, n_segments) bool; with
            pool_padding, every segment counts.
        """
        length = self.config.segment_length
        vectors = hidden[:, ::length]
        if attention_mask is None or self.config.pool_padding:
            return vectors, torch.ones(vectors.shape[:2], dtype=torch.bool, device=hidden.device)
        return vectors, attention_mask[:, ::length].bool()


def finish(result: Any, return_dict: bool | None) -> Any:
    """RETURNS (Any): The output as the caller wants it, a ModelOutput or a tuple."""
    return result.to_tuple() if return_dict is False else result


class HATForSequenceClassification(HATHead):
    """A label for each document, from pooled segment vectors."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
        self.pooler = HATPooler(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **options: Any,
    ) -> Any:
        """Classify documents.

        labels (Tensor | None): (n_docs,) class numbers or values, or (n_docs, n_labels) zeros and ones.
        num_items_in_batch (Tensor | int | None): What the loss is divided by, as `Trainer` says; None: the items here.
        The other parameters are those of HATModel.forward.
        RETURNS (SequenceClassifierOutput): Logits (n_docs, n_labels), and loss () if there are labels.
        """
        hidden, output = self.encode(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds, **options)
        pooled = self.pooler(*self.segments(hidden, attention_mask))
        logits = self.classifier(self.dropout(pooled))
        loss = None if labels is None else document_loss(logits, labels, self.config, num_items_in_batch)
        result = SequenceClassifierOutput(loss=loss, logits=logits, hidden_states=output.hidden_states)
        return finish(result, options.get("return_dict"))


class HATForMultipleChoice(HATHead):
    """One of several documents, such as question and answer, each scored from its pooled segment vectors."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
        self.pooler = HATPooler(config)
        self.classifier = nn.Linear(config.hidden_size, 1)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **options: Any,
    ) -> Any:
        """Score choices.

        labels (Tensor | None): (n_docs,) numbers of the right choices.
        num_items_in_batch (Tensor | int | None): What the loss is divided by, as `Trainer` says; None: the items here.
        The other parameters are those of HATModel.forward, with one more dimension: (n_docs, n_choices, n_slots).
        RETURNS (MultipleChoiceModelOutput): Logits (n_docs, n_choices), and loss () if there are labels.
        """
        inputs = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "position_ids": position_ids,
            "inputs_embeds": inputs_embeds,
        }
        check_shapes(inputs, n_dims=3)
        flat = [None if tensor is None else tensor.flatten(0, 1) for tensor in inputs.values()]
        hidden, output = self.encode(*flat, **options)
        pooled = self.pooler(*self.segments(hidden, flat[1]))
        n_choices = next(tensor.shape[1] for tensor in inputs.values() if tensor is not None)
        logits = self.classifier(self.dropout(pooled)).view(-1, n_choices)
        loss = None if labels is None else cross_entropy(logits, labels, num_items_in_batch)
        result = MultipleChoiceModelOutput(loss=loss, logits=logits, hidden_states=output.hidden_states)
        return finish(result, options.get("return_dict"))


class HATSentencizer(nn.Module):
    """A dense layer and tanh for each segment vector."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, vectors: Tensor) -> Tensor:
        return torch.tanh(self.dense(vectors))


class HATForSequentialSentenceClassification(HATHead):
    """A label for each segment, in the context of its document."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
        self.sentencizer = HATSentencizer(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **options: Any,
    ) -> Any:
        """Classify segments.

        labels (Tensor | None): (n_docs, n_segments) class numbers, -100 where there is none, or
            (n_docs, n_segments, n_labels) zeros and ones, -1 or -100 where there is none.
        num_items_in_batch (Tensor | int | None): What the loss is divided by, as `Trainer` says; None: the items here.
        The other parameters are those of HATModel.forward.
        RETURNS (SequenceClassifierOutput): Logits (n_docs, n_segments, n_labels), and loss () if there are labels.
        """
        hidden, output = self.encode(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds, **options)
        vectors, _ = self.segments(hidden, attention_mask)
        logits = self.classifier(self.dropout(self.sentencizer(vectors)))
        loss = None if labels is None else segment_loss(logits, labels, num_items_in_batch)
        result = SequenceClassifierOutput(loss=loss, logits=logits, hidden_states=output.hidden_states)
        return finish(result, options.get("return_dict"))
