"""Batches in which rare labels come more often."""

import random
from collections import Counter

import pytest
import spacy
from spacy.training import Example

from spacy_hat.pipeline.balanced_batches import batch_balanced_v1, repeated

NLP = spacy.blank("en")


def examples(**counts: int) -> list[Example]:
    """RETURNS (list[Example]): So many documents with each label."""
    docs = [(name, number) for name, count in counts.items() for number in range(count)]
    return [
        Example.from_dict(NLP.make_doc(f"{name} {number}"), {"cats": {other: float(other == name) for other in counts}})
        for name, number in docs
    ]


def labels_of(chosen: list[Example]) -> Counter[str]:
    return Counter(example.reference.text.split()[0] for example in chosen)


@pytest.mark.parametrize(("strength", "expected"), [(0.0, 10), (0.5, 32), (1.0, 100)])
def test_batch_balanced_repeats_what_is_rare(strength, expected):
    random.seed(0)
    found = labels_of(repeated(examples(often=100, rare=10), strength))
    assert found["often"] == 100
    assert found["rare"] == pytest.approx(expected, abs=4)


def test_batch_balanced_leaves_no_document_out():
    random.seed(0)
    given = examples(a=17, b=5, c=1)
    chosen = [example for batch in batch_balanced_v1(4, strength=1.0)(given) for example in batch]
    assert {id(example) for example in chosen} == {id(example) for example in given}


def test_batch_balanced_makes_batches_of_a_size():
    sizes = [len(batch) for batch in batch_balanced_v1(4, strength=0.0)(examples(a=5, b=5))]
    assert sizes == [4, 4, 2]


def test_batch_balanced_goes_by_the_rarest_label_of_a_document():
    random.seed(0)
    given = examples(a=20, b=2)
    given[0].reference.cats = {"a": 1.0, "b": 1.0}
    texts = Counter(example.reference.text for example in repeated(given, 1.0))
    assert texts["a 0"] == pytest.approx(20 / 3, abs=1)
    assert texts["a 1"] == 1


def test_batch_balanced_takes_documents_without_a_label_once():
    given = examples(a=3)
    given[0].reference.cats = {"a": 0.0}
    assert len(repeated(given, 1.0)) == 3


def test_batch_balanced_is_for_labels_of_documents():
    with pytest.raises(ValueError, match=r"Got: 1 documents without a label.*batch_by_sequence"):
        repeated([Example(NLP.make_doc("a"), NLP.make_doc("a"))], 0.5)


@pytest.mark.parametrize("setting", [{"size": 0}, {"size": 2, "strength": 1.5}, {"size": 2, "strength": -0.1}])
def test_batch_balanced_refuses_impossible_settings(setting):
    with pytest.raises(ValueError, match=r"Expected: a size of at least 1.*\[training.batcher\]"):
        batch_balanced_v1(**setting)
