"""The `hat_cleaner` component: frees what the encoder said of a document, which is large, and nothing else.

spaCy's `doc_cleaner` also sets `doc.tensor` to None, which its config does not say, and then `doc.vector` and
`doc.similarity` raise.
"""

from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc

from ..layers.trf_interface import DOC_EXT_ATTR

CLEANERS = ("doc_cleaner", "hat_cleaner")


@Language.factory("hat_cleaner", requires=[f"doc._.{DOC_EXT_ATTR}"])
def make_hat_cleaner(nlp: Language, name: str) -> Callable[[Doc], Doc]:  # noqa: ARG001  (every factory is given both)
    """Build the component. It stands last: heads and `hat_vectors` read what it frees.

    nlp (Language): The pipeline.
    name (str): The component's name.
    RETURNS (Callable[[Doc], Doc]): Sets `doc._.trf_data` to None.
    """
    return free_output


def free_output(doc: Doc) -> Doc:
    """Free the encoder's output of a document, if it has any. RETURNS (Doc): The same."""
    if Doc.has_extension(DOC_EXT_ATTR):
        doc._.set(DOC_EXT_ATTR, None)
    return doc
