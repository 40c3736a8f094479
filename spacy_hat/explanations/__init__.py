"""Which sentences made a classifier decide as it did."""

from .explanation import EVIDENCE_KEY, Explanation
from .methods import METHODS, Method, explain, explain_labels

__all__ = ["EVIDENCE_KEY", "METHODS", "Explanation", "Method", "explain", "explain_labels"]
