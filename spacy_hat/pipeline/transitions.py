"""What a chain over sentences knows: which labels follow which, to be looked at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.pipeline import SpanCategorizer

from ..layers.linear_chain import chain_weights
from .heads import has_chain

NO_LABEL = "no label"


@dataclass(frozen=True)
class Transitions:
    """The weights of a chain. Only differences count: of two labels that may follow a third, the higher is likelier.

    labels (tuple[str, ...]): n_labels names; the last is that of sentences without a label.
    follows (NDArray): (n_labels, n_labels) weight of the column's label after the row's.
    first (NDArray): (n_labels,) weight of each label at the beginning of a document.
    last (NDArray): (n_labels,) weight of each label at its end.
    """

    labels: tuple[str, ...]
    follows: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]

    def after(self, label: str) -> dict[str, float]:
        """What may follow a label.

        label (str): One of `labels`.
        RETURNS (dict[str, float]): Label -> weight, the likeliest first.
        """
        weights = dict(zip(self.labels, self.follows[self.labels.index(label)].tolist(), strict=True))
        return dict(sorted(weights.items(), key=lambda item: -item[1]))


def transitions(head: SpanCategorizer) -> Transitions:
    """Look at the chain of a component.

    head (SpanCategorizer): A `spancat_singlelabel` with spacy-hat.SentenceChain.v1.
    RETURNS (Transitions): Its weights.
    RAISES (ValueError): If it has no chain.
    """
    if not has_chain(head):
        raise ValueError(
            f"Component '{head.name}' has no chain over its sentences. Got: a model named {head.model.name!r}. "
            "Expected: spacy-hat.SentenceChain.v1. Train with it, or put one on a trained pipeline: python -m spacy "
            "hat calibrate"
        )
    to_numpy = head.model.ops.to_numpy
    weights = chain_weights(head.model.get_ref("linear_chain"))
    parts = (to_numpy(part) for part in (weights.transitions, weights.first, weights.last))
    return Transitions((*head.labels, NO_LABEL), *parts)
