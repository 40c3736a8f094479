"""Heads over pieces: masked language modelling, token classification, question answering."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.modeling_outputs import MaskedLMOutput, QuestionAnsweringModelOutput, TokenClassifierOutput

from .config import HATConfig
from .heads import HATHead, finish
from .losses import cross_entropy, position_loss


class HATLMHead(nn.Module):
    """Dense, gelu, layer norm, then a score for each word of the vocabulary."""

    def __init__(self, config: HATConfig, word_embeddings: nn.Embedding) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)
        # Published files hold the decoder's bias under two names.
        self.bias = self.decoder.bias
        if config.tie_word_embeddings:
            self.tie(word_embeddings)

    def tie(self, word_embeddings: nn.Embedding) -> None:
        """Score words by their embeddings, however many they are now; new ones have no bias."""
        n_words = len(word_embeddings.weight)
        self.decoder.weight = word_embeddings.weight
        self.decoder.out_features = n_words
        self.bias.data = F.pad(self.bias.data, (0, n_words - len(self.bias)))

    def forward(self, hidden: Tensor) -> Tensor:
        return self.decoder(self.layer_norm(F.gelu(self.dense(hidden))))


class HATForMaskedLM(HATHead):
    """Which word stands behind a masked piece."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
        self.lm_head = HATLMHead(config, self.hi_transformer.embeddings.word_embeddings)
        self.post_init()

    def get_output_embeddings(self) -> nn.Module:
        return self.lm_head.decoder

    def set_output_embeddings(self, value: nn.Linear) -> None:
        self.lm_head.decoder = value
        self.lm_head.bias = value.bias

    def tie_weights(self, *_args: Any, **_kwargs: Any) -> None:
        """Tie the decoder to the word embeddings. transformers calls this after it has resized these."""
        # Not transformers' own: how a model tells it what is tied has changed between 4 and 5.
        if self.config.tie_word_embeddings:
            self.lm_head.tie(self.hi_transformer.embeddings.word_embeddings)

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
        """Score words.

        labels (Tensor | None): (n_docs, n_slots) piece ids, -100 where nothing is to be predicted.
        num_items_in_batch (Tensor | int | None): What the loss is divided by, as `Trainer` says; None: the items here.
        The other parameters are those of HATModel.forward.
        RETURNS (MaskedLMOutput): Logits (n_docs, n_slots, vocab_size), and loss () if there are labels.
        """
        hidden, output = self.encode(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds, **options)
        logits = self.lm_head(hidden)
        loss = None if labels is None else cross_entropy(logits.flatten(0, 1), labels.flatten(), num_items_in_batch)
        result = MaskedLMOutput(loss=loss, logits=logits, hidden_states=output.hidden_states)
        return finish(result, options.get("return_dict"))


class HATForTokenClassification(HATHead):
    """A label for each piece."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
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
        """Classify pieces.

        labels (Tensor | None): (n_docs, n_slots) class numbers, -100 where there is none.
        num_items_in_batch (Tensor | int | None): What the loss is divided by, as `Trainer` says; None: the items here.
        The other parameters are those of HATModel.forward.
        RETURNS (TokenClassifierOutput): Logits (n_docs, n_slots, n_labels), and loss () if there are labels.
        """
        hidden, output = self.encode(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds, **options)
        logits = self.classifier(self.dropout(hidden))
        loss = None if labels is None else cross_entropy(logits.flatten(0, 1), labels.flatten(), num_items_in_batch)
        result = TokenClassifierOutput(loss=loss, logits=logits, hidden_states=output.hidden_states)
        return finish(result, options.get("return_dict"))


class HATForQuestionAnswering(HATHead):
    """First and last piece of an answer."""

    def __init__(self, config: HATConfig) -> None:
        super().__init__(config)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        start_positions: Tensor | None = None,
        end_positions: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **options: Any,
    ) -> Any:
        """Score pieces as first and last one of the answer.

        start_positions (Tensor | None): (n_docs,) slots of first pieces; beyond the document: no answer in it.
        end_positions (Tensor | None): (n_docs,) slots of last pieces.
        num_items_in_batch (Tensor | int | None): What the loss is divided by, as `Trainer` says; None: the items here.
        The other parameters are those of HATModel.forward.
        RETURNS (QuestionAnsweringModelOutput): start_logits and end_logits (n_docs, n_slots), and loss () if both
            positions are given.
        """
        hidden, output = self.encode(input_ids, attention_mask, token_type_ids, position_ids, inputs_embeds, **options)
        start_logits, end_logits = self.qa_outputs(hidden).unbind(dim=-1)
        loss = None
        if start_positions is not None and end_positions is not None:
            losses = [
                position_loss(logits, positions, num_items_in_batch)
                for logits, positions in ((start_logits, start_positions), (end_logits, end_positions))
            ]
            loss = torch.stack(losses).mean()
        result = QuestionAnsweringModelOutput(
            loss=loss, start_logits=start_logits, end_logits=end_logits, hidden_states=output.hidden_states
        )
        return finish(result, options.get("return_dict"))
