"""From spaCy Docs to segments of pieces: numpy only, no torch."""

from .packed import PackedDocs
from .packer import Packer
from .pieces import FastTokenizer, Pieces, tokenize
from .segments import Packing
from .windows import Overflow

__all__ = ["FastTokenizer", "Overflow", "PackedDocs", "Packer", "Packing", "Pieces", "tokenize"]
