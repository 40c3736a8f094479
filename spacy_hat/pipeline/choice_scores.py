"""How often the right option is chosen."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.training import Example

from ..corpora.asked import CHOICE


def choice_scorer_v1() -> Callable[..., dict[str, Any]]:
    """Score choices: `choice_acc`, the share of documents whose right option is chosen.

    RETURNS (Callable): From examples to the score; null where no document has a right option.
    """
    return score_choices


def score_choices(examples: Iterable[Example], **_settings: Any) -> dict[str, float | None]:
    """Score choices.

    examples (Iterable[Example]): Documents with choices, and with the right ones.
    **_settings (Any): Of the component.
    RETURNS (dict[str, float | None]): `choice_acc`.
    """
    right = [
        example.predicted._.get(CHOICE) == example.reference._.get(CHOICE)
        for example in examples
        if example.reference._.get(CHOICE) is not None
    ]
    return {"choice_acc": sum(right) / len(right) if right else None}
