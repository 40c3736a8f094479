"""The `hat` component and its factory: spacy-transformers' own, with eyes for what goes wrong around it.

The one decorator of this package: spaCy keeps the defaults of a factory beside its function, and only
`Language.factory` puts them there. The entry point imports this module, so nobody else has to.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config, Model

from ..layers.trf_interface import DOC_EXT_ATTR, FullTransformerBatch, Transformer
from .head_checks import check_heads

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


class HATTransformer(Transformer):
    """A Transformer that looks at the heads and their annotation once, before training begins.

    It is the first that sees the pipeline and the training documents together, and stock heads look at neither.
    """

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None) -> None:
        """Load the weights, link the listeners, and check the heads.

        get_examples (Callable[[], Iterable[Example]]): The training documents. They are read once more, if there are
            heads to check.
        nlp (Language | None): The pipeline.
        RAISES (ValueError): If a head cannot learn what it is given.
        """
        super().initialize(get_examples, nlp=nlp)
        if nlp is not None:
            check_heads(nlp, get_examples)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "HATTransformer":
        """Load what `to_disk` wrote.

        path (str | Path): The component's folder.
        exclude (Iterable[str]): What to leave out.
        RETURNS (HATTransformer): The component.
        RAISES (ValueError): If the weights are damaged.
        """
        try:
            return super().from_disk(path, exclude=exclude)
        except ValueError as error:
            # All that the reader of msgpack says of a file that is cut off, or is something else altogether.
            if "unpack" not in str(error).lower():
                raise
            file = Path(path) / "model"
            raise ValueError(
                f"The weights of component '{self.name}' cannot be read from {file}. Got: {file.stat().st_size:,} "
                f"bytes that are no msgpack ({error}). Expected: the file as nlp.to_disk wrote it. It may be cut "
                "off, or a pointer of Git LFS (then: git lfs pull): copy the pipeline again."
            ) from None


@Language.factory("hat", assigns=[f"doc._.{DOC_EXT_ATTR}"], default_config=DEFAULT_CONFIG)
def make_hat(
    nlp: Language,
    name: str,
    model: Model[list[Doc], FullTransformerBatch],
    set_extra_annotations: Callable[[list[Doc], FullTransformerBatch], None],
    max_batch_items: int,
) -> HATTransformer:
    """Build the component. It is spacy-transformers' own but for what it checks, so every listener works on it.

    nlp (Language): The pipeline.
    name (str): The component's name.
    model (Model[list[Doc], FullTransformerBatch]): The encoder; give at least its `name`.
    set_extra_annotations (Callable): Called with the documents and their output, after `doc._.trf_data` is set.
    max_batch_items (int): Size of a batch in `nlp.pipe`: spaCy tokens of its longest document times its documents.
    RETURNS (HATTransformer): The component.
    """
    return HATTransformer(nlp.vocab, model, set_extra_annotations, name=name, max_batch_items=max_batch_items)
