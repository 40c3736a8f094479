"""A pipeline that answers for every document it is given, whatever happens to one of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import import_file

from ..choices import Format
from ..corpora.asked import OPTIONS, QUESTION, QUESTIONS
from ..corpora.boundaries import set_sentence_starts, tokens_at
from ..machine.clock import Stopwatch
from ..pipeline.heads import encoders_of
from ..pipeline.loading import load_pipeline
from ..pipeline.place import WHOLE_DOCUMENTS, takes_much_memory
from ..pipeline.units import HATUnits
from .answers import Answer, pack, values_of
from .columns import own_fields
from .documents import Document
from .names import EXPLANATION

VECTORS = "hat_vectors"
ASKED = ("hat_qa", "hat_choice")
"""Components that read `questions`, or `options` and `question`, of a document's row."""

LONGEST_ERROR = 2000


class Explain(Protocol):
    """What finds the sentences that decided. It goes to other processes."""

    def check(self, nlp: Language) -> None:
        """RAISES (ValueError): If the labels of the pipeline cannot be explained."""

    def __call__(self, nlp: Language, doc: Doc) -> list[dict[str, Any]]:
        """RETURNS (list[dict[str, Any]]): Of each sentence: component, label, start, end, score."""


@dataclass(frozen=True)
class Task:
    """What is to be done with each document.

    model (str): Folder or name of the pipeline.
    format (Format): What answers are written as.
    max_length (int | None): Characters that a text may have. None: what the pipeline allows, and 100 million at least
        if neither spaCy's parser nor its entity recognizer is in it.
    vectors (bool): Whether to give vectors.
    explain (Explain | None): Finds the sentences that decided.
    code (Path | None): Python file to import first.
    gpu_id (int): The GPU, or -1 for the CPU.
    """

    model: str
    format: Format = "parquet"
    max_length: int | None = None
    vectors: bool = False
    explain: Explain | None = None
    code: Path | None = None
    gpu_id: int = -1


class Annotator:
    """A loaded pipeline, and what it is asked.

    task (Task): What is to be done.
    RAISES (ValueError): If the pipeline cannot be loaded, or cannot do it.
    """

    def __init__(self, task: Task) -> None:
        from spacy.cli._util import setup_gpu

        self.task = task
        if task.code is not None:
            import_file("python_code", task.code)
        try:
            setup_gpu(task.gpu_id, silent=True)
        except ValueError as error:
            raise ValueError(
                f"GPU {task.gpu_id} cannot be used. Got: {error}. Expected: a GPU, and PyTorch and CuPy for it. "
                "Install spacy-hat[cuda12x] or [cuda13x], or leave --gpu-id out."
            ) from None
        self.nlp = load_pipeline(task.model)
        if task.vectors:
            _add_vectors(self.nlp)
        if task.explain is not None:
            task.explain.check(self.nlp)
        pipes = [component for _, component in self.nlp.pipeline]
        self.keeps_sentences = any(isinstance(pipe, HATUnits) and pipe.unit == "given" for pipe in pipes)
        metas = [self.nlp.get_pipe_meta(name) for name in self.nlp.pipe_names]
        self.has_ents = any("doc.ents" in meta.assigns for meta in metas)
        self.has_choices = any("doc._.choice" in meta.assigns for meta in metas)
        self.is_asked = any(meta.factory in ASKED for meta in metas)
        least = 0 if takes_much_memory(self.nlp) else WHOLE_DOCUMENTS
        self.max_length = task.max_length or max(self.nlp.max_length, least)
        self.nlp.max_length = self.max_length + 1
        handler: Any = self._note
        self.nlp.set_error_handler(handler)
        self._errors: dict[int, str] = {}
        self._n_together = 0

    def columns(self) -> list[str]:
        """RETURNS (list[str]): Names of the columns that are not the input's, in order."""
        task = self.task
        wanted = {"vectors": task.vectors, "explained": task.explain is not None}
        return own_fields(ents=self.has_ents, choices=self.has_choices, **wanted)

    def __call__(self, documents: list[Document]) -> list[Answer]:
        """Annotate documents.

        documents (list[Document]): As many as memory allows.
        RETURNS (list[Answer]): One for each, in their order.
        """
        answers: dict[int, Answer] = {}
        self._errors = {i: error for i, document in enumerate(documents) if (error := self._reason_against(document))}
        # Of similar lengths, one after another, so that batches are even.
        waiting = sorted(set(range(len(documents))) - self._errors.keys(), key=lambda i: len(documents[i].text))
        with Stopwatch("annotating").held() as watch:
            with self.nlp.memory_zone():
                answers.update(self._run(documents, waiting))
            # What failed with others may be sound: spaCy's components give up a whole batch.
            for i in waiting:
                if i not in answers and i not in self._errors:
                    with self.nlp.memory_zone():
                        answers.update(self._run(documents, [i]))
        pieces_per_character = watch.amounts["pieces"] / max(1, sum(len(documents[i].text) for i in answers))
        return [
            replace(answers[i], n_pieces=round(pieces_per_character * len(one.text)))
            if i in answers
            else self._failed(one, i)
            for i, one in enumerate(documents)
        ]

    def _reason_against(self, document: Document) -> str:
        if not document.error and len(document.text) > self.max_length:
            return (
                f"The text is too long. Got: {len(document.text):,} characters. Expected: {self.max_length:,} at most. "
                "Raise --max-length."
            )
        return document.error

    def _run(self, documents: list[Document], indices: list[int]) -> Iterator[tuple[int, Answer]]:
        """YIELDS (tuple[int, Answer]): For each document that nothing went wrong with."""
        self._n_together = len(indices)
        try:
            # No longer batches than components ask for themselves: a batch of documents is in memory at once.
            for doc, i in self.nlp.pipe(self._make(documents, indices), as_tuples=True):
                yield i, self._answer(doc, documents[i])
        except Exception as error:  # of a component that does not ask the error handler
            if self._n_together == 1:
                self._errors.setdefault(indices[0], _told(error))

    def _make(self, documents: list[Document], indices: list[int]) -> Iterator[tuple[Doc, int]]:
        for i in indices:
            document = documents[i]
            try:
                doc = self.nlp.make_doc(document.text)
                if self.keeps_sentences and document.starts and len(doc):
                    set_sentence_starts(doc, tokens_at(doc, document.starts))
                for name in (QUESTIONS, OPTIONS, QUESTION) if self.is_asked else ():
                    doc._.set(name, document.columns.get(name))
            except Exception as error:
                self._errors[i] = _told(error)
            else:
                yield doc, i

    def _note(self, name: str, component: Any, docs: list[Doc], error: Exception) -> None:  # noqa: ARG002  spaCy's
        """What spaCy calls in place of raising an error."""
        if len(docs) == 1:
            context: Any = docs[0]._context
            self._errors[context] = f"Component '{name}': {_told(error)}"

    def _answer(self, doc: Doc, document: Document) -> Answer:
        values, error = values_of(doc, ents=self.has_ents, choices=self.has_choices, vectors=self.task.vectors), ""
        if self.task.explain is not None:
            try:
                values[EXPLANATION] = self.task.explain(self.nlp, doc)
            except Exception as failure:
                error = f"The explanation failed: {_told(failure)}"
        packed = pack(doc, document, values, error) if self.task.format == "spacy" else None
        return Answer({} if packed else values, error, packed)

    def _failed(self, document: Document, i: int) -> Answer:
        error = self._errors.get(i, "A component dropped the document, and did not say why.")
        return failed(document, error, self.task)


def failed(document: Document, error: str, task: Task) -> Answer:
    """RETURNS (Answer): For a document that could not be annotated."""
    return Answer({}, error, pack(None, document, {}, error) if task.format == "spacy" else None)


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (text if isinstance(error, ValueError) and text else f"{type(error).__name__}: {text}")[:LONGEST_ERROR]


def _add_vectors(nlp: Language) -> None:
    """Have documents get vectors. RAISES (ValueError): If the pipeline has none to give."""
    factories = [nlp.get_pipe_meta(name).factory for name in nlp.pipe_names]
    if VECTORS in factories:
        return
    encoders = [encoder.component for encoder in encoders_of(nlp)]
    readable = [name for name in encoders if nlp.get_pipe_meta(name).factory in ("hat", "transformer")]
    if not readable:
        raise ValueError(
            f"The pipeline has no vectors to give. Got: {', '.join(nlp.pipe_names) or 'no components'}. Expected: a "
            "`hat` component. Leave --vectors out, or choose another pipeline."
        )
    nlp.add_pipe(VECTORS, name="vectors_of_annotate", after=readable[-1])
