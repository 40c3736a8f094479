"""Hierarchical Attention Transformers for spaCy: whole long documents, and sentences in their context."""

import importlib
from typing import Any

__version__ = "0.1.0"

# Loaded when first asked for: importing this package is cheap.
_LAZY = {
    "Explanation": "spacy_hat.explanations",
    "annotate_batches": "spacy_hat.annotation.batches",
    "annotate_dataset": "spacy_hat.annotation.cluster.dataset",
    "explain": "spacy_hat.explanations",
    "explain_labels": "spacy_hat.explanations",
    "fit": "spacy_hat.training.fit",
    "render": "spacy_hat.explanations.page",
}
__all__ = [
    "Explanation",
    "__version__",
    "annotate_batches",
    "annotate_dataset",
    "explain",
    "explain_labels",
    "fit",
    "render",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
