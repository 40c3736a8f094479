"""From spaCy Docs to segments of pieces: numpy only, no torch."""

from ..choices import Overflow, Packing
from .counts import DocCounts, count_doc
from .packed_docs import PackedDocs
from .packer import Packer, PackingWarning
from .pieces import FastTokenizer, Pieces, tokenize

__all__ = [
    "DocCounts",
    "FastTokenizer",
    "Overflow",
    "PackedDocs",
    "Packer",
    "Packing",
    "PackingWarning",
    "Pieces",
    "count_doc",
    "tokenize",
]
