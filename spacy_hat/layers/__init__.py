"""The encoder and the heads as thinc layers."""

from . import legacy_names as legacy_names  # before any module that imports spacy_transformers
