"""The `hat` component and its factory: spacy-transformers' own, with eyes for what goes wrong around it.

The one decorator of this package: spaCy keeps the defaults of a factory beside its function, and only
`Language.factory` puts them there. The entry point imports this module, so nobody else has to.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch, raise_error
from thinc.api import Config, Model

from ..choices import MaxLength
from ..layers.stored import DamagedPipelineError, damaged, load_model, read_message
from ..layers.trf_interface import (
    DOC_EXT_ATTR,
    FullTransformerBatch,
    Transformer,
    batch_by_length,
    install_extensions,
)
from .head_checks import check_heads
from .place import Place, check_max_length
from .schedule import follow_training

DEFAULT_CONFIG = Config().from_str(
    """
    [hat]
    max_length = "auto"
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
    """A Transformer that knows its pipeline: it takes long texts, and looks at the heads before training begins.

    It is the first that sees the pipeline and the training documents together, and stock heads look at neither.

    place (Place): Where it stands.
    *args (Any): Of spacy-transformers' component.
    **settings (Any): Of spacy-transformers' component.
    """

    def __init__(self, *args: Any, place: Place, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.place = place

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Read a stream of documents. What cannot be read is left out, once the pipeline's error handler knows.

        stream (Iterable[Doc]): The documents.
        batch_size (int): How many to sort by length, and read together, at once.
        YIELDS (Doc): The documents, in order.
        """
        install_extensions()
        for batch in minibatch(stream, batch_size):
            docs = list(batch)
            failed: set[int] = set()
            for indices in batch_by_length(docs, self.cfg["max_batch_items"]):
                failed.update(self._annotate(docs, indices))
            yield from (doc for i, doc in enumerate(docs) if i not in failed)

    def _annotate(self, docs: list[Doc], indices: Sequence[int]) -> list[int]:
        """Read some documents, or each by itself if that fails. RETURNS (list[int]): Those that cannot be read."""
        chosen = [docs[i] for i in indices]
        try:
            self.set_annotations(chosen, self.predict(chosen))
        except Exception as error:
            handle = self.get_error_handler()
            if len(chosen) == 1 or handle is raise_error:
                handle(self.name, self, chosen, error)
                return list(indices)
            return [failed for i in indices for failed in self._annotate(docs, [i])]
        return []

    def find_listeners(self, component: Any) -> None:
        """Link a component of the pipeline. spaCy asks this of each that follows, whenever one is added.

        component (Any): The component.
        """
        super().find_listeners(component)
        self.place.look_again()

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None) -> None:
        """Load the weights, link the listeners, and check the heads.

        get_examples (Callable[[], Iterable[Example]]): The training documents. They are read once more, if there are
            heads to check.
        nlp (Language | None): The pipeline.
        RAISES (ValueError): If a head cannot learn what it is given, or listens to encoders of different widths.
        """
        if nlp is not None:
            if nlp is not self.place.nlp:  # the component was built in another one
                self.place = Place(nlp, self.place.max_length)
            follow_training(nlp.config)
        super().initialize(get_examples, nlp=nlp)
        self._check_widths()
        if nlp is not None:
            check_heads(nlp, get_examples)

    def _check_widths(self) -> None:
        """A listener to '*' is linked with every encoder before it, and takes the width of the first."""
        width = self.model.get_dim("nO")
        for name, listeners in self.listener_map.items():
            for listener in listeners:
                if listener.has_dim("nO") and listener.get_dim("nO") != width:
                    raise ValueError(
                        f"Component '{name}' listens to '{listener.upstream_name}', and the encoders before it are not "
                        f"equally wide. Got: vectors of {width} numbers from '{self.name}', after one with "
                        f"{listener.get_dim('nO')}. Expected: the name of one encoder. Set `upstream` to it in the "
                        f"listener in [components.{name}.model]."
                    )

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "HATTransformer":
        """Load what `to_disk` wrote.

        path (str | Path): The component's folder.
        exclude (Iterable[str]): What to leave out.
        RETURNS (HATTransformer): The component.
        RAISES (ValueError): If the weights are damaged.
        """
        self._follow_training()
        file = Path(path) / "model"
        # spacy-transformers' own reader comes second: it takes what it reads for what it was when it was written.
        super().from_disk(path, exclude=[*exclude, "model"])
        if "model" not in exclude:
            source = f"component '{self.name}'"
            if not file.is_file():
                raise damaged(source, f"no file {file}", "the file as nlp.to_disk wrote it")
            try:
                load_model(self.model, file.read_bytes(), source)
            except DamagedPipelineError as error:
                raise DamagedPipelineError(f"{error} The file is {file}.") from None
        return self

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "HATTransformer":
        """Load what `to_bytes` made.

        bytes_data (bytes): The bytes.
        exclude (Iterable[str]): What to leave out.
        RETURNS (HATTransformer): The component.
        RAISES (ValueError): If they are damaged.
        """
        self._follow_training()
        source = f"component '{self.name}'"
        stored = read_message(bytes_data, source).get("model")
        super().from_bytes(bytes_data, exclude=[*exclude, "model"])
        if "model" not in exclude:
            if not isinstance(stored, bytes):
                raise damaged(source, "a message without a model", "what to_bytes made")
            load_model(self.model, stored, source)
        return self

    def _follow_training(self) -> None:
        """Mend the optimizer of a pipeline that was saved with thinc's schedules."""
        if (nlp := self.place.nlp) is not None:
            follow_training(nlp.config)


@Language.factory("hat", assigns=[f"doc._.{DOC_EXT_ATTR}"], default_config=DEFAULT_CONFIG)
def make_hat(
    nlp: Language,
    name: str,
    model: Model[list[Doc], FullTransformerBatch],
    set_extra_annotations: Callable[[list[Doc], FullTransformerBatch], None],
    max_batch_items: int,
    max_length: MaxLength = "auto",
) -> HATTransformer:
    """Build the component. It is spacy-transformers' own but for what it checks, so every listener works on it.

    nlp (Language): The pipeline.
    name (str): The component's name.
    model (Model[list[Doc], FullTransformerBatch]): The encoder; give at least its `name`.
    set_extra_annotations (Callable): Called with the documents and their output, after `doc._.trf_data` is set.
    max_batch_items (int): Size of a batch in `nlp.pipe`: spaCy tokens of its longest document times its documents.
    max_length (int | str | None): Characters that a text may have; `nlp.max_length` is raised to it. `auto`
        is 100 million, but what spaCy allows, a million, where its own parser or entity recognizer is in the pipeline:
        these take a gigabyte of memory for each 100,000 characters. None leaves `nlp.max_length` as it is.
    RETURNS (HATTransformer): The component.
    RAISES (ValueError): If max_length is not positive.
    """
    check_max_length(max_length, name)
    return HATTransformer(
        nlp.vocab,
        model,
        set_extra_annotations,
        name=name,
        max_batch_items=max_batch_items,
        place=Place(nlp, max_length),
    )
