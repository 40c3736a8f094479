"""Batches for documents whose labels are of unequal size: what is rare comes more often, and nothing is left out."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from spacy.training import Example
from spacy.util import minibatch

Batches = Callable[[Iterable[Example]], Iterator[list[Example]]]


def batch_balanced_v1(size: int, strength: float = 0.5) -> Batches:
    """Batch documents so that rare labels are seen more often, for `textcat` and `textcat_multilabel`.

    Each document of an epoch comes at least once. One whose label c times fewer documents have than the most frequent
    one comes c ** strength times on average; where it has several labels, the rarest counts.

    size (int): Documents in a batch.
    strength (float): 0.0: every document once; 1.0: as if all labels were equally frequent. 0.5 is half way.
    RETURNS (Callable): From the documents of an epoch to batches, in random order.
    """
    if size < 1 or not 0 <= strength <= 1:
        raise ValueError(
            f"spacy-hat.batch_balanced.v1 has size = {size} and strength = {strength}. Expected: a size of at least 1, "
            "and a strength from 0.0 to 1.0. Correct them in [training.batcher]."
        )

    def batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
        yield from minibatch(repeated(list(examples), strength), size)

    return batches


def repeated(examples: list[Example], strength: float) -> list[Example]:
    """Repeat documents with rare labels.

    examples (list[Example]): Annotated documents.
    strength (float): How far to go towards labels of equal size.
    RETURNS (list[Example]): Each at least once, in random order.
    RAISES (ValueError): If none of them has a label of a document.
    """
    labels = [_given(example) for example in examples]
    counts = Counter(label for given in labels for label in given)
    if examples and not counts:
        raise ValueError(
            f"spacy-hat.batch_balanced.v1 balances labels of documents. Got: {len(examples)} documents without a label "
            "in doc.cats that is 1.0. Expected: documents for textcat or textcat_multilabel. For anything else, set "
            '@batchers = "spacy.batch_by_sequence.v1" in [training.batcher].'
        )
    most = max(counts.values(), default=1)
    chosen = []
    for example, given in zip(examples, labels, strict=True):
        rarest = min((counts[label] for label in given), default=most)
        times = (most / rarest) ** strength
        # What is left over a whole number is drawn, so that it holds on average.
        chosen += [example] * (int(times) + (random.random() < times % 1))
    random.shuffle(chosen)
    return chosen


def _given(example: Example) -> list[str]:
    return [label for label, value in example.reference.cats.items() if value > 0.5]
