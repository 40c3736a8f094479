"""The same classes under the older published model type, `hi-transformer`: Auto classes want one class per type."""

from .config import HiTransformerConfig
from .heads import HATForMultipleChoice, HATForSequenceClassification, HATForSequentialSentenceClassification
from .model import HATModel
from .piece_heads import HATForMaskedLM, HATForQuestionAnswering, HATForTokenClassification


class HiTransformerModel(HATModel):
    config_class = HiTransformerConfig


class HiTransformerForMaskedLM(HATForMaskedLM):
    config_class = HiTransformerConfig


class HiTransformerForSequenceClassification(HATForSequenceClassification):
    config_class = HiTransformerConfig


class HiTransformerForSequentialSentenceClassification(HATForSequentialSentenceClassification):
    config_class = HiTransformerConfig


class HiTransformerForMultipleChoice(HATForMultipleChoice):
    config_class = HiTransformerConfig


class HiTransformerForTokenClassification(HATForTokenClassification):
    config_class = HiTransformerConfig


class HiTransformerForQuestionAnswering(HATForQuestionAnswering):
    config_class = HiTransformerConfig
