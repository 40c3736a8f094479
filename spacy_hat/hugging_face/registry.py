"""Names under which transformers finds what is here."""

from typing import Any

from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoProcessor
from transformers.pipelines import PIPELINE_REGISTRY

from ..modeling import HATForSequentialSentenceClassification
from ..modeling.files.pipeline_tasks import SEGMENTING
from ..modeling.pipeline_guard import guard_pipelines
from ..modeling.rotary_hat import RotaryHATForSequentialSentenceClassification
from ..processing import HATProcessor
from .answers import HATDocumentClassificationPipeline, HATSentenceClassificationPipeline
from .fill_mask import HATFillMaskPipeline

TASKS: dict[str, tuple[Any, Any]] = {
    "hat-document-classification": (HATDocumentClassificationPipeline, AutoModelForSequenceClassification),
    "hat-sentence-classification": (
        HATSentenceClassificationPipeline,
        (HATForSequentialSentenceClassification, RotaryHATForSequentialSentenceClassification),
    ),
    "hat-fill-mask": (HATFillMaskPipeline, AutoModelForMaskedLM),
}
# What people try first. All other models have the plain pipelines there, as ever.
PLAIN_TASKS: dict[str, Any] = {
    "text-classification": HATDocumentClassificationPipeline,
    "sentiment-analysis": HATDocumentClassificationPipeline,
    "fill-mask": HATFillMaskPipeline,
}


def register(*configs: Any) -> None:
    """Make `AutoProcessor` and `pipeline` know HATs. A second time changes nothing.

    *configs (type): Their configuration classes.
    """
    for config in configs:
        AutoProcessor.register(config, HATProcessor, exist_ok=True)
    for task, (pipeline_class, model) in TASKS.items():
        if task not in PIPELINE_REGISTRY.supported_tasks:
            PIPELINE_REGISTRY.register_pipeline(task, pipeline_class=pipeline_class, pt_model=model, type="text")
    SEGMENTING.update(PLAIN_TASKS)
    guard_pipelines()
