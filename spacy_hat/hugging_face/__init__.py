"""What Hugging Face's users import: `AutoProcessor` and `pipeline` then know HATs, as the Auto classes do."""

from ..modeling import HATConfig, HiTransformerConfig, RotaryHATConfig
from ..processing import HATProcessor
from .answers import HATDocumentClassificationPipeline, HATSentenceClassificationPipeline
from .fill_mask import HATFillMaskPipeline
from .registry import register

register(HATConfig, HiTransformerConfig, RotaryHATConfig)

__all__ = [
    "HATDocumentClassificationPipeline",
    "HATFillMaskPipeline",
    "HATProcessor",
    "HATSentenceClassificationPipeline",
]
