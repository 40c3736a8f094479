"""Hierarchical Attention Transformers for spaCy: whole long documents, and sentences in their context."""

__version__ = "0.1.0"
