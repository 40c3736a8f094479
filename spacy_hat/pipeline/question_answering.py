"""What `hat_qa` does: find what a document of any length answers to questions."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_examples
from spacy.util import minibatch
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate
from thinc.types import Floats2d

from ..corpora.asked import ANSWERS_KEY, check_texts, gold_questions, install_extensions, questions_on
from ..layers.pair_encoder import check_leads
from ..layers.question_answering import PieceLogits
from ..packing.pairs import Pair
from .answer_spans import Answers, find_answers, loss_of_answers
from .schedule import follow_training

Asked = tuple[Pair, list[tuple[int, int]]]
"""A document with a question, and the tokens of the right answers."""


class HATQuestionAnswering(TrainablePipe):
    """Answers questions by parts of documents.

    vocab (Vocab): Of the pipeline.
    model (Model): The encoder and the head.
    name (str): The component's name.
    spans_key (str): Where answers go, and annotated ones are.
    questions (Sequence[str]): What is asked of every document.
    n_best (int): Answers to a question at most.
    max_answer_tokens (int): Tokens of an answer at most.
    threshold (float): What share of its own score and that of no answer an answer needs.
    pairs_at_once (int): Questions that are read at once in training.
    scorer (Callable | None): Makes scores of examples.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Pair], PieceLogits],
        name: str = "hat_qa",
        *,
        spans_key: str = ANSWERS_KEY,
        questions: Sequence[str] = (),
        n_best: int = 1,
        max_answer_tokens: int = 30,
        threshold: float = 0.5,
        pairs_at_once: int = 8,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab, self.model, self.name = vocab, model, name
        self.cfg: dict[str, Any] = {
            "spans_key": spans_key,
            "questions": check_texts(questions, f"questions of component '{name}'", '["What does it cost?"]'),
            "n_best": n_best,
            "max_answer_tokens": max_answer_tokens,
            "threshold": threshold,
            "pairs_at_once": pairs_at_once,
        }
        self.scorer = scorer
        install_extensions()

    @property
    def key(self) -> str:
        """RETURNS (str): Where answers go in `doc.spans`."""
        return self.cfg["spans_key"]

    def questions_for(self, doc: Doc) -> list[str]:
        """RETURNS (list[str]): What is asked of a document, each question once."""
        return list(dict.fromkeys([*self.cfg["questions"], *questions_on(doc)]))

    def predict(self, docs: Iterable[Doc]) -> list[list[Answers]]:
        """Answer the questions of documents, without changing these.

        docs (Iterable[Doc]): The documents.
        RETURNS (list[list[Answers]]): For each document, for each of its questions.
        """
        docs = list(docs)
        return self._answer(docs, [self.questions_for(doc) for doc in docs])

    def _answer(self, docs: Sequence[Doc], questions: Sequence[Sequence[str]]) -> list[list[Answers]]:
        pairs = [Pair((question,), doc) for doc, asked in zip(docs, questions, strict=True) for question in asked]
        answered = iter(self._answer_pairs(pairs))
        return [[next(answered) for _ in asked] for asked in questions]

    def _answer_pairs(self, pairs: Sequence[Pair]) -> Iterator[Answers]:
        settings = {name: self.cfg[name] for name in ("n_best", "threshold")}
        for batch in minibatch(pairs, 4 * self.cfg["pairs_at_once"]):
            scored = self.model.predict(batch)
            for pair, packed, logits in zip(batch, scored.packed.pairs, self._logits(scored), strict=True):
                yield find_answers(
                    packed, logits, question=pair.texts[0], max_tokens=self.cfg["max_answer_tokens"], **settings
                )

    def _logits(self, scored: PieceLogits) -> list[np.ndarray]:
        """RETURNS (list[ndarray]): (n_pieces, 2) of each pair, on the host."""
        logits = self.model.ops.to_numpy(scored.logits)
        ends = np.cumsum(scored.packed.n_rows)
        return np.split(logits, ends)[: len(ends)]

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[Sequence[Answers]]) -> None:
        """Write answers to documents.

        docs (Iterable[Doc]): The documents.
        scores (Sequence[Sequence[Answers]]): What `predict` says of them.
        """
        for doc, answered in zip(docs, scores, strict=True):
            doc.spans[self.key] = make_group(doc, self.key, answered)

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None) -> None:
        """Load the encoder, and look for questions in the training documents.

        get_examples (Callable[[], Iterable[Example]]): The training documents.
        nlp (Language | None): The pipeline.
        RAISES (ValueError): If there are several documents, and none has a question, or one is too long.
        """
        if nlp is not None:
            follow_training(nlp.config)
        n_docs = n_asked = 0
        questions = dict.fromkeys(self.cfg["questions"])
        for example in get_examples():
            n_docs += 1
            asked = gold_questions(example.reference, self.key)
            n_asked += bool(asked)
            questions.update(dict.fromkeys(asked))
        # One document is what nlp.initialize makes up if it is given none.
        if n_docs > 1 and not n_asked:
            raise ValueError(
                f"Component '{self.name}' has nothing to learn from. Got: {n_docs} training documents without a "
                f"question. Expected: questions in doc._.questions, and answers in doc.spans[{self.key!r}] with their "
                "questions as labels. To make such documents of JSON in SQuAD's form: python -m spacy hat convert"
            )
        self.model.initialize()
        check_leads(self.model, ((question,) for question in questions))

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from documents with questions and right answers.

        examples (Iterable[Example]): The documents. All questions of a batch count alike, and are read a few at once.
        drop (float): Does not reach encoders; `hidden_dropout_prob` in `transformer_config` does.
        sgd (Optimizer | None): The optimizer, to take a step at once.
        losses (dict[str, float] | None): The losses of the step so far.
        RETURNS (dict[str, float]): The losses, with that of this component.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "HATQuestionAnswering.update")
        asked = [one for example in examples for one in self._asked(example)]
        set_dropout_rate(self.model, drop)
        for batch in minibatch(asked, self.cfg["pairs_at_once"]):
            scored, backprop = self.model.begin_update([pair for pair, _ in batch])
            loss, d_scored = self._loss(batch, scored, len(asked))
            backprop(d_scored)
            losses[self.name] += loss
        if sgd not in (None, False) and asked:
            self.finish_update(sgd)
        return losses

    def get_loss(self, examples: Iterable[Example], scores: PieceLogits) -> tuple[float, PieceLogits]:
        """Compare what is said of documents with the right answers.

        examples (Iterable[Example]): The documents.
        scores (PieceLogits): What the model says of all of their questions, in order.
        RETURNS (tuple[float, PieceLogits]): The loss, and its gradient.
        """
        asked = [one for example in examples for one in self._asked(example)]
        return self._loss(asked, scores, len(asked))

    def _loss(self, asked: Sequence[Asked], scored: PieceLogits, n_in_all: int) -> tuple[float, PieceLogits]:
        """The share of these questions in the mean over all of an update, and its gradient."""
        loss, gradients, n_cut = 0.0, [], 0
        for (_, spans), packed, logits in zip(asked, scored.packed.pairs, self._logits(scored), strict=True):
            found = loss_of_answers(packed, logits, spans)
            n_cut += found is None
            gradients.append(np.zeros_like(logits) if found is None else found[1] / n_in_all)
            loss += 0.0 if found is None else found[0] / n_in_all
        if n_cut:
            warnings.warn(
                f"{n_cut} questions of a batch of '{self.name}' are not learned from: their answers are beyond the end "
                'of what is read. Got: overflow = "truncate". Expected: "window". Set it in the encoder.',
                UserWarning,
                stacklevel=3,
            )
        joined = cast(Floats2d, np.concatenate([np.zeros((0, 2)), *gradients]))
        d_logits = self.model.ops.asarray2f(joined, dtype="float32")
        return loss, PieceLogits(scored.packed, d_logits)

    def _asked(self, example: Example) -> Iterator[Asked]:
        doc, annotated = example.predicted, example.reference
        for question in gold_questions(annotated, self.key):
            spans = [span for span in annotated.spans.get(self.key, []) if span.label_ == question]
            found = [doc.char_span(span.start_char, span.end_char, alignment_mode="expand") for span in spans]
            yield Pair((question,), doc), [(span.start, span.end) for span in found if span is not None]

    def score(self, examples: Iterable[Example], **settings: Any) -> dict[str, Any]:
        """Score answers. Questions of the annotation that nobody has asked yet are asked first.

        Documents to be evaluated are made of texts alone, and bring no questions with them.

        examples (Iterable[Example]): Documents that went through the pipeline, and the right answers.
        **settings (Any): Of the scorer.
        RETURNS (dict[str, Any]): The scores.
        """
        examples = list(examples)
        if self.scorer is None:
            return {}
        for example in examples:
            doc, asked = example.predicted, set(self.questions_for(example.predicted))
            missing = [question for question in gold_questions(example.reference, self.key) if question not in asked]
            if missing:
                (answered,) = self._answer([doc], [missing])
                doc.spans[self.key] = joined_groups(doc.spans.get(self.key), make_group(doc, self.key, answered))
        return self.scorer(examples, **{**self.cfg, **settings})


def make_group(doc: Doc, key: str, answered: Sequence[Answers]) -> SpanGroup:
    """Make spans of answers.

    doc (Doc): The document.
    key (str): Name of the group.
    answered (Sequence[Answers]): The answers to each question.
    RETURNS (SpanGroup): A span for each answer, with its question as its label; in attrs the `scores` of these, and
        `no_answer`, for each question the score of there being none.
    """
    found = [(answer, answers.question) for answers in answered for answer in answers.found]
    return SpanGroup(
        doc,
        name=key,
        attrs={
            "scores": np.array([answer.score for answer, _ in found], dtype="float32"),
            "no_answer": {answers.question: answers.no_answer for answers in answered},
        },
        spans=[Span(doc, answer.start, answer.end, label=question) for answer, question in found],
    )


def joined_groups(there: SpanGroup | None, more: SpanGroup) -> SpanGroup:
    """Put answers behind those that a document has.

    there (SpanGroup | None): Those; None if it has none.
    more (SpanGroup): As make_group makes them.
    RETURNS (SpanGroup): Both, with the scores of both; those that nobody has scored have NaN.
    """
    if there is None:
        return more
    unscored = np.full(len(there), np.nan, dtype="float32")
    scores = np.concatenate([there.attrs.get("scores", unscored), more.attrs["scores"]])
    no_answer = {**there.attrs.get("no_answer", {}), **more.attrs["no_answer"]}
    attrs = {**there.attrs, "scores": scores, "no_answer": no_answer}
    return SpanGroup(more.doc, name=more.name, attrs=attrs, spans=[*there, *more])
