"""The `hat_qa` component and its factory."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from thinc.api import Config, Model

from ..layers.question_answering import PieceLogits
from ..packing.pairs import Pair
from .question_answering import HATQuestionAnswering

DEFAULT_CONFIG = Config().from_str(
    """
    [hat_qa]
    spans_key = "answers"
    questions = []
    n_best = 1
    max_answer_tokens = 30
    threshold = 0.5
    pairs_at_once = 8
    scorer = {"@scorers": "spacy-hat.qa_scorer.v1"}

    [hat_qa.model]
    @architectures = "spacy-hat.QuestionAnswering.v1"
    leads = "segments"

    [hat_qa.model.encoder]
    @architectures = "spacy-hat.HATModel.v1"
    name = null
    packing = "greedy"
    """
)["hat_qa"]


@Language.factory(
    "hat_qa",
    assigns=["doc.spans"],
    default_config=DEFAULT_CONFIG,
    default_score_weights={"qa_f1": 1.0, "qa_em": 0.0, "qa_f1_answered": None, "qa_f1_unanswered": None},
)
def make_hat_qa(
    nlp: Language,
    name: str,
    model: Model[list[Pair], PieceLogits],
    spans_key: str,
    questions: list[str],
    n_best: int,
    max_answer_tokens: int,
    threshold: float,
    pairs_at_once: int,
    scorer: Callable[..., dict[str, Any]] | None,
) -> HATQuestionAnswering:
    """Build the component. It asks what `doc._.questions` holds, and reads documents with an encoder of its own.

    A document is read once for each question, as the question is read along with it. The answers are spans in
    `doc.spans`, labelled with their questions, and `doc.spans["answers"].attrs` has their `scores`.

    nlp (Language): The pipeline.
    name (str): The component's name.
    model (Model[list[Pair], PieceLogits]): Encoder and head; give at least the `name` of the encoder.
    spans_key (str): Where answers go in `doc.spans`, and where annotated ones are.
    questions (list[str]): What is asked of every document, before those of `doc._.questions`.
    n_best (int): Answers to a question at most; no two overlap.
    max_answer_tokens (int): Tokens of an answer at most, not counting spaces.
    threshold (float): An answer is given if its score is at least this share of its own and that of no answer. 0.5:
        if it is the likelier of the two; 0: always.
    pairs_at_once (int): Questions that are read at once in training, which bounds memory; all of a batch count alike.
    scorer (Callable | None): Makes scores of examples.
    RETURNS (HATQuestionAnswering): The component.
    RAISES (ValueError): If a setting cannot be used.
    """
    check_counts(name, n_best=n_best, max_answer_tokens=max_answer_tokens, pairs_at_once=pairs_at_once)
    if not 0 <= threshold <= 1:
        raise ValueError(
            f"Component '{name}' has threshold = {threshold}. Expected: a share, from 0 (always an answer) to 1. "
            f"Correct it in [components.{name}]."
        )
    return HATQuestionAnswering(
        nlp.vocab,
        model,
        name,
        spans_key=spans_key,
        questions=questions,
        n_best=n_best,
        max_answer_tokens=max_answer_tokens,
        threshold=threshold,
        pairs_at_once=pairs_at_once,
        scorer=scorer,
    )


def check_counts(name: str, **settings: int) -> None:
    """RAISES (ValueError): If a number is below 1."""
    for setting, value in settings.items():
        if value < 1:
            raise ValueError(
                f"Component '{name}' has {setting} = {value}. Expected: at least 1. Correct it in [components.{name}]."
            )
