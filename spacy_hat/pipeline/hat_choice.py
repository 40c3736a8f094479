"""The `hat_choice` component and its factory."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from thinc.api import Config, Model
from thinc.types import Floats2d

from ..packing.pairs import Pair
from .multiple_choice import HATMultipleChoice

DEFAULT_CONFIG = Config().from_str(
    """
    [hat_choice]
    options = []
    question = ""
    scorer = {"@scorers": "spacy-hat.choice_scorer.v1"}

    [hat_choice.model]
    @architectures = "spacy-hat.MultipleChoice.v1"
    leads = "segments"
    pooling = "max"
    dropout = 0.1

    [hat_choice.model.encoder]
    @architectures = "spacy-hat.HATModel.v1"
    name = null
    packing = "greedy"
    output = "segments"
    """
)["hat_choice"]


@Language.factory(
    "hat_choice",
    assigns=["doc._.choice", "doc._.choice_scores"],
    default_config=DEFAULT_CONFIG,
    default_score_weights={"choice_acc": 1.0},
)
def make_hat_choice(
    nlp: Language,
    name: str,
    model: Model[list[Pair], Floats2d],
    options: list[str],
    question: str,
    scorer: Callable[..., dict[str, Any]] | None,
) -> HATMultipleChoice:
    """Build the component. It chooses among what `doc._.options` holds, and reads documents with an encoder of its own.

    A document is read once for each option, as the option is read along with it. The text of the chosen one is then in
    `doc._.choice`, and `doc._.choice_scores` has the probability of each, in their order.

    nlp (Language): The pipeline.
    name (str): The component's name.
    model (Model[list[Pair], Floats2d]): Encoder and head; give at least the `name` of the encoder.
    options (list[str]): What is to be chosen among, for documents without `doc._.options`.
    question (str): What the options answer, for documents without `doc._.question`; empty for nothing.
    scorer (Callable | None): Makes scores of examples.
    RETURNS (HATMultipleChoice): The component.
    """
    return HATMultipleChoice(nlp.vocab, model, name, options=options, question=question, scorer=scorer)
