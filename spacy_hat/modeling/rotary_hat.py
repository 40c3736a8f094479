"""The same classes under our own model type, of HATs with rotary blocks: Auto classes want one class per type."""

from .heads import HATForMultipleChoice, HATForSequenceClassification, HATForSequentialSentenceClassification
from .model import HATModel
from .piece_heads import HATForMaskedLM, HATForQuestionAnswering, HATForTokenClassification
from .rotary_config import RotaryHATConfig


class RotaryHATModel(HATModel):
    config_class = RotaryHATConfig


class RotaryHATForMaskedLM(HATForMaskedLM):
    config_class = RotaryHATConfig


class RotaryHATForSequenceClassification(HATForSequenceClassification):
    config_class = RotaryHATConfig


class RotaryHATForSequentialSentenceClassification(HATForSequentialSentenceClassification):
    config_class = RotaryHATConfig


class RotaryHATForMultipleChoice(HATForMultipleChoice):
    config_class = RotaryHATConfig


class RotaryHATForTokenClassification(HATForTokenClassification):
    config_class = RotaryHATConfig


class RotaryHATForQuestionAnswering(HATForQuestionAnswering):
    config_class = RotaryHATConfig
