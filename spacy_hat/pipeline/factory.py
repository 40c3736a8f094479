"""The `hat` factory: spaCy's transformer component, with HAT as its default model.

The one decorator of this package: spaCy keeps the defaults of a factory beside its function, and only
`Language.factory` puts them there. The entry point imports this module, so nobody else has to.
"""

from typing import Callable, List

from spacy.language import Language
from spacy.tokens import Doc
from spacy_transformers.data_classes import FullTransformerBatch
from spacy_transformers.pipeline_component import DOC_EXT_ATTR
from thinc.api import Config, Model

from .component import HATTransformer

DEFAULT_CONFIG = Config().from_str(
    """
    [hat]
    max_batch_items = 4096

    [hat.set_extra_annotations]
    @annotation_setters = "spacy-transformers.null_annotation_setter.v1"

    [hat.model]
    @architectures = "spacy-hat.HATModel.v1"
    name = null
    packing = "greedy"
    """
)["hat"]


@Language.factory("hat", assigns=[f"doc._.{DOC_EXT_ATTR}"], default_config=DEFAULT_CONFIG)
def make_hat(
    nlp: Language,
    name: str,
    model: Model[List[Doc], FullTransformerBatch],
    set_extra_annotations: Callable[[List[Doc], FullTransformerBatch], None],
    max_batch_items: int,
) -> HATTransformer:
    """Build the component. It is spacy-transformers' own but for what it checks, so every listener works on it.

    nlp (Language): The pipeline.
    name (str): The component's name.
    model (Model[List[Doc], FullTransformerBatch]): The encoder; give at least its `name`.
    set_extra_annotations (Callable): Called with the documents and their output, after `doc._.trf_data` is set.
    max_batch_items (int): Size of a batch in `nlp.pipe`: spaCy tokens of its longest document times its documents.
    RETURNS (HATTransformer): The component.
    """
    return HATTransformer(nlp.vocab, model, set_extra_annotations, name=name, max_batch_items=max_batch_items)
