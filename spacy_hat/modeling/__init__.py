"""HAT in PyTorch and Hugging Face conventions. Importing this makes AutoConfig and the Auto models know all types."""

from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from . import hi_transformer as _older
from . import rotary_hat as _rotary
from .config import HATConfig, HiTransformerConfig
from .files.tokenizer import load_tokenizer
from .heads import HATForMultipleChoice, HATForSequenceClassification, HATForSequentialSentenceClassification
from .model import HATModel, HATPreTrainedModel
from .packed_inputs import PackedInputs
from .piece_heads import HATForMaskedLM, HATForQuestionAnswering, HATForTokenClassification
from .rotary_config import RotaryHATConfig
from .start.warm import WarmStartReport, warm_start

for _config in (HATConfig, HiTransformerConfig, RotaryHATConfig):
    AutoConfig.register(_config.model_type, _config, exist_ok=True)
for _auto, _model, _older_model, _rotary_model in (
    (AutoModel, HATModel, _older.HiTransformerModel, _rotary.RotaryHATModel),
    (AutoModelForMaskedLM, HATForMaskedLM, _older.HiTransformerForMaskedLM, _rotary.RotaryHATForMaskedLM),
    (
        AutoModelForSequenceClassification,
        HATForSequenceClassification,
        _older.HiTransformerForSequenceClassification,
        _rotary.RotaryHATForSequenceClassification,
    ),
    (
        AutoModelForMultipleChoice,
        HATForMultipleChoice,
        _older.HiTransformerForMultipleChoice,
        _rotary.RotaryHATForMultipleChoice,
    ),
    (
        AutoModelForTokenClassification,
        HATForTokenClassification,
        _older.HiTransformerForTokenClassification,
        _rotary.RotaryHATForTokenClassification,
    ),
    (
        AutoModelForQuestionAnswering,
        HATForQuestionAnswering,
        _older.HiTransformerForQuestionAnswering,
        _rotary.RotaryHATForQuestionAnswering,
    ),
):
    _auto.register(HATConfig, _model, exist_ok=True)
    _auto.register(HiTransformerConfig, _older_model, exist_ok=True)
    _auto.register(RotaryHATConfig, _rotary_model, exist_ok=True)

__all__ = [
    "HATConfig",
    "HATForMaskedLM",
    "HATForMultipleChoice",
    "HATForQuestionAnswering",
    "HATForSequenceClassification",
    "HATForSequentialSentenceClassification",
    "HATForTokenClassification",
    "HATModel",
    "HATPreTrainedModel",
    "HiTransformerConfig",
    "PackedInputs",
    "RotaryHATConfig",
    "WarmStartReport",
    "load_tokenizer",
    "warm_start",
]
