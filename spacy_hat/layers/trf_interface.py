"""All that this package takes from spacy-transformers, which no other module imports."""

from spacy_transformers.data_classes import FullTransformerBatch, TransformerData, WordpieceBatch
from spacy_transformers.layers import split_trf_batch, trfs2arrays
from spacy_transformers.layers.listener import TransformerListener
from spacy_transformers.pipeline_component import DOC_EXT_ATTR, Transformer, install_extensions
from spacy_transformers.util import batch_by_length

__all__ = [
    "DOC_EXT_ATTR",
    "FullTransformerBatch",
    "Transformer",
    "TransformerData",
    "TransformerListener",
    "WordpieceBatch",
    "batch_by_length",
    "install_extensions",
    "split_trf_batch",
    "trfs2arrays",
]
