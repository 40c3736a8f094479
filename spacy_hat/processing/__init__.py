"""From texts to the padded inputs of a checkpoint's model, packed as a pipeline packs them.

Nothing here but `of_pipeline` needs the encoder as a spaCy component, nor spacy-transformers.
"""

from .processor import HATProcessor

__all__ = ["HATProcessor"]
