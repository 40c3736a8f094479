"""The component behind the `hat` factory: spacy-transformers' own, with eyes for what goes wrong around it."""

from pathlib import Path
from typing import Callable, Iterable, Optional, Union

from spacy.language import Language
from spacy.training import Example
from spacy_transformers.pipeline_component import Transformer

from .head_checks import check_heads


class HATTransformer(Transformer):
    """A Transformer that looks at the heads and their annotation once, before training begins.

    It is the first that sees the pipeline and the training documents together, and stock heads look at neither.
    """

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Optional[Language] = None) -> None:
        """Load the weights, link the listeners, and check the heads.

        get_examples (Callable[[], Iterable[Example]]): The training documents. They are read once more, if there are
            heads to check.
        nlp (Optional[Language]): The pipeline.
        RAISES (ValueError): If a head cannot learn what it is given.
        """
        super().initialize(get_examples, nlp=nlp)
        if nlp is not None:
            check_heads(nlp, get_examples)

    def from_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> "HATTransformer":
        """Load what `to_disk` wrote.

        path (Union[str, Path]): The component's folder.
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
