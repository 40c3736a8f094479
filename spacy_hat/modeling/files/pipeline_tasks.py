"""Tasks of transformers' `pipeline` that read texts, and the classes for them that cut documents into segments.

Plain ones give a model what the tokenizer makes of a text, with its separators and in one piece. A HAT would take that
for a document, and answer with other probabilities than its own. So they are refused.
"""

from collections.abc import Sequence
from typing import Any

from .problems import RefusedError, shorten

TEXT_TASKS = (
    *("text-classification", "sentiment-analysis", "zero-shot-classification", "feature-extraction", "fill-mask"),
    *("token-classification", "ner", "question-answering"),
)
# Task -> class that makes segments: filled by spacy_hat.hugging_face.
SEGMENTING: dict[str, Any] = {}
# End of a class's name -> the task that it is for.
OF_CLASSES = {
    "ForSequenceClassification": "hat-document-classification",
    "ForSequentialSentenceClassification": "hat-sentence-classification",
    "ForMaskedLM": "hat-fill-mask",
}


def check_task(task: str, class_name: str) -> None:
    """Check that a task of `pipeline` gives a HAT its segments.

    task (str): Its name.
    class_name (str): Of the model.
    RAISES (RefusedError): If it is one of transformers' own for texts.
    """
    if task in TEXT_TASKS and task not in SEGMENTING:
        raise RefusedError(
            f"pipeline({task!r}) would give a {class_name} a text in one piece, and a HAT reads segments: its answers "
            "would be others than its own. Expected: `import spacy_hat.hugging_face`, and segments, which HATProcessor "
            f"makes. {advice(class_name)}"
        )


def remember_fresh(model: Any, names: Sequence[str]) -> None:
    """Remember that weights of a model have learned nothing yet: until something changes them in place.

    model (PreTrainedModel): The model.
    names (Sequence[str]): Of its weights.
    """
    versions = {name: parameter._version for name, parameter in model.named_parameters(remove_duplicate=False)}
    model.started_fresh = {name: versions[name] for name in names if name in versions}


def check_trained(model: Any, task: str) -> None:
    """Check that a model has learned what a task asks.

    model (PreTrainedModel): The model.
    task (str): The task.
    RAISES (RefusedError): If its head would answer at random.
    """
    versions = {name: parameter._version for name, parameter in model.named_parameters(remove_duplicate=False)}
    fresh = [name for name, version in getattr(model, "started_fresh", {}).items() if versions.get(name) == version]
    if fresh:
        named = str((model.config.architectures or ["model without a class"])[0])
        raise RefusedError(
            f"{model.name_or_path or 'The model'} has no weights for {shorten(fresh)}: pipeline({task!r}) would answer "
            f"at random. Got: a {named}. Expected: a model with this head, trained. {advice(named)}"
        )


def advice(class_name: str) -> str:
    """RETURNS (str): What to do with a model of a class instead."""
    task = next((task for ending, task in OF_CLASSES.items() if class_name.endswith(ending)), None)
    if task is None:
        return "No pipeline is for this one: give a model the processor's output itself."
    return f'For this one: pipeline("{task}").'
