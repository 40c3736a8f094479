"""What `hat_choice` does: choose among options, for a document of any length."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate
from thinc.types import Floats2d

from ..corpora.asked import CHOICE, CHOICE_SCORES, OPTIONS, QUESTION, check_texts, install_extensions, options_on
from ..layers.pair_encoder import check_leads
from ..packing.pairs import Pair
from .schedule import follow_training


@dataclass(frozen=True)
class Choice:
    """What is to be chosen among.

    options (list[str]): The options; fewer than two are not a choice.
    question (str): What they answer; empty for nothing.
    """

    options: list[str]
    question: str

    def pairs(self, doc: Doc) -> list[Pair]:
        """RETURNS (list[Pair]): The document with each option, and the question before it."""
        before = (self.question,) if self.question else ()
        return [Pair((*before, option), doc) for option in self.options]


class HATMultipleChoice(TrainablePipe):
    """Chooses among the options of documents.

    vocab (Vocab): Of the pipeline.
    model (Model): The encoder and the head.
    name (str): The component's name.
    options (Sequence[str]): What is to be chosen among, where a document has none of its own.
    question (str): What options answer, where a document has no question of its own.
    scorer (Callable | None): Makes scores of examples.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Pair], Floats2d],
        name: str = "hat_choice",
        *,
        options: Sequence[str] = (),
        question: str = "",
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab, self.model, self.name = vocab, model, name
        self.cfg: dict[str, Any] = {
            "options": check_texts(options, f"options of component '{name}'", '["granted", "denied"]'),
            "question": question,
        }
        self.scorer = scorer
        install_extensions()

    def choice_for(self, *docs: Doc) -> Choice:
        """Find what is to be chosen among.

        *docs (Doc): Where to look, in order: a document, and the same with annotation.
        RETURNS (Choice): The options and the question of the first that has some, or of the component.
        RAISES (ValueError): If there is a single option, or two are the same.
        """
        options = next((options for doc in docs if (options := options_on(doc))), self.cfg["options"])
        question = next((question for doc in docs if (question := doc._.get(QUESTION))), self.cfg["question"])
        if len(options) == 1 or len(set(options)) < len(options):
            raise ValueError(
                f"Document {docs[0][:5].text!r}... has no choice. Got: the options {options!r:.100}. Expected: two or "
                f"more that differ, or none. Correct doc._.{OPTIONS}."
            )
        return Choice(options, question)

    def predict(self, docs: Iterable[Doc]) -> list[tuple[Choice, np.ndarray]]:
        """Choose for documents, without changing these.

        docs (Iterable[Doc]): The documents.
        RETURNS (list[tuple[Choice, ndarray]]): For each, its options, and the probability of each, (n_labels,).
        """
        docs = list(docs)
        return list(self._choose(docs, [self.choice_for(doc) for doc in docs]))

    def _choose(self, docs: Sequence[Doc], choices: Sequence[Choice]) -> Iterator[tuple[Choice, np.ndarray]]:
        for doc, choice in zip(docs, choices, strict=True):
            pairs = choice.pairs(doc)
            logits = self.model.predict(pairs) if pairs else self.model.ops.alloc2f(0, 1)
            yield choice, softmax(self.model.ops.to_numpy(logits)[:, 0])

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[tuple[Choice, np.ndarray]]) -> None:
        """Write choices to documents. What has no options gets none.

        docs (Iterable[Doc]): The documents.
        scores (Sequence[tuple[Choice, ndarray]]): What `predict` says of them.
        """
        for doc, (choice, probabilities) in zip(docs, scores, strict=True):
            if choice.options:
                doc._.set(CHOICE, choice.options[int(probabilities.argmax())])
                doc._.set(CHOICE_SCORES, probabilities.tolist())

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None) -> None:
        """Load the encoder, and look for options in the training documents.

        get_examples (Callable[[], Iterable[Example]]): The training documents.
        nlp (Language | None): The pipeline.
        RAISES (ValueError): If there are several documents, and none has a right option, or one is too long.
        """
        if nlp is not None:
            follow_training(nlp.config)
        n_docs = n_chosen = 0
        texts: dict[tuple[str, ...], None] = {}
        for example in get_examples():
            n_docs += 1
            n_chosen += self._target(example) is not None
            choice = self.choice_for(example.reference, example.predicted)
            texts.update((pair.texts, None) for pair in choice.pairs(example.predicted))
        # One document is what nlp.initialize makes up if it is given none.
        if n_docs > 1 and not n_chosen:
            raise ValueError(
                f"Component '{self.name}' has nothing to learn from. Got: {n_docs} training documents without a right "
                f"option. Expected: options in doc._.{OPTIONS}, and the right one in doc._.{CHOICE}. To make such "
                'documents of JSON lines with "text", "options" and "answer": python -m spacy hat convert'
            )
        self.model.initialize()
        check_leads(self.model, texts)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from documents with options and right ones. Those without are passed over.

        examples (Iterable[Example]): The documents, which are read one after the other, with all of their options.
        drop (float): Does not reach encoders; `hidden_dropout_prob` in `transformer_config` does.
        sgd (Optimizer | None): The optimizer, to take a step at once.
        losses (dict[str, float] | None): The losses of the step so far.
        RETURNS (dict[str, float]): The losses, with that of this component.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "HATMultipleChoice.update")
        chosen = [example for example in examples if self._target(example) is not None]
        set_dropout_rate(self.model, drop)
        for example in chosen:
            choice = self.choice_for(example.reference, example.predicted)
            logits, backprop = self.model.begin_update(choice.pairs(example.predicted))
            loss, d_logits = self.get_loss([example], logits)
            backprop(d_logits / len(chosen))
            losses[self.name] += loss / len(chosen)
        if sgd not in (None, False) and chosen:
            self.finish_update(sgd)
        return losses

    def get_loss(self, examples: Iterable[Example], scores: Floats2d) -> tuple[float, Floats2d]:
        """Compare the logits of options with the right ones.

        examples (Iterable[Example]): Documents that have one.
        scores (Floats2d): (n_pairs, 1), of all of their options, in order.
        RETURNS (tuple[float, Floats2d]): Cross entropy, the sum over documents, and its gradient (n_pairs, 1).
        """
        logits = self.model.ops.to_numpy(scores)[:, 0]
        loss, gradient, start = 0.0, np.zeros_like(logits), 0
        for example in examples:
            choice, right = self.choice_for(example.reference, example.predicted), self._target(example)
            end = start + len(choice.options)
            probabilities = softmax(logits[start:end])
            if right is not None:
                loss -= float(np.log(max(probabilities[right], np.finfo("float32").tiny)))
                gradient[start:end] = probabilities
                gradient[start + right] -= 1.0
            start = end
        return loss, self.model.ops.asarray2f(gradient[:, None], dtype="float32")

    def _target(self, example: Example) -> int | None:
        """RETURNS (int | None): Number of the right option. RAISES (ValueError): If it is not one of them."""
        right = example.reference._.get(CHOICE)
        if right is None:
            return None
        options = self.choice_for(example.reference, example.predicted).options
        if right not in options:
            raise ValueError(
                f"Document {example.reference[:5].text!r}... has doc._.{CHOICE} = {right!r:.60}. Expected: one of its "
                f"options, {options!r:.100}. Correct the annotation."
            )
        return options.index(right)

    def score(self, examples: Iterable[Example], **settings: Any) -> dict[str, Any]:
        """Score choices. Where the annotation has other options or another question, these are asked first.

        Documents to be evaluated are made of texts alone, and bring no options with them.

        examples (Iterable[Example]): Documents that went through the pipeline, and the right choices.
        **settings (Any): Of the scorer.
        RETURNS (dict[str, Any]): The scores.
        """
        examples = list(examples)
        if self.scorer is None:
            return {}
        for example in examples:
            choice = self.choice_for(example.reference, example.predicted)
            if choice != self.choice_for(example.predicted):
                self.set_annotations([example.predicted], list(self._choose([example.predicted], [choice])))
        return self.scorer(examples, **{**self.cfg, **settings})


def softmax(logits: np.ndarray) -> np.ndarray:
    """RETURNS (ndarray): Probabilities, (n_labels,) as the logits."""
    powers = np.exp(logits.astype("float64") - logits.max(initial=-np.inf))
    return (powers / powers.sum()).astype("float32") if len(logits) else logits
