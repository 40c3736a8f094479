"""From texts to the padded inputs of a checkpoint's model, packed as a pipeline packs them."""

from .of_pipeline import processor_of
from .processor import HATProcessor

__all__ = ["HATProcessor", "processor_of"]
