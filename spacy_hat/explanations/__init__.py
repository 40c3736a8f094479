"""Which sentences made a classifier decide as it did."""

from ..choices import Method
from .explanation import EVIDENCE_KEY, Explanation
from .methods import METHODS, explain, explain_labels

__all__ = ["EVIDENCE_KEY", "METHODS", "Explanation", "Method", "explain", "explain_labels"]
