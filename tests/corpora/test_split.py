"""Documents that are dealt out to train, dev and test."""

import pytest

from spacy_hat.corpora.records import Record
from spacy_hat.corpora.split import split


def some(n, label="a"):
    return [Record(f"line {i}", f"{label} {i}", [label], []) for i in range(n)]


@pytest.mark.parametrize(
    ("n_docs", "shares", "sizes"),
    [
        (10, {}, {"train": 10}),
        (10, {"dev": 0.1, "test": 0.1}, {"train": 8, "dev": 1, "test": 1}),
        (200, {"dev": 0.1, "test": 0.2}, {"train": 140, "dev": 20, "test": 40}),
        (7, {"dev": 0.5}, {"train": 3, "dev": 4}),
    ],
)
def test_split_keeps_to_the_shares(n_docs, shares, sizes):
    parts = split(some(n_docs), shares)
    assert {name: len(records) for name, records in parts.items()} == sizes
    assert sorted(record.text for part in parts.values() for record in part) == sorted(r.text for r in some(n_docs))


def test_split_deals_each_label_out():
    parts = split(some(80, "a") + some(20, "b"), {"dev": 0.1, "test": 0.1})
    assert [sum(record.labels == ["b"] for record in part) for part in parts.values()] == [16, 2, 2]


def test_split_depends_on_its_seed_only():
    texts = [[r.text for r in split(some(50), {"dev": 0.2}, seed)["dev"]] for seed in (0, 0, 1)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_split_of_too_few_documents_is_refused():
    with pytest.raises(ValueError, match=r"3 documents leave none for dev.*Lower the shares"):
        split(some(3), {"dev": 0.1})


def test_split_shuffles_by_its_seed():
    texts = [[record.text for record in split(some(50), {}, seed)["train"]] for seed in (0, 0, 1)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert texts[0] != [record.text for record in some(50)]


def test_split_keeps_groups_together():
    records = [Record("", f"text {i}", ["ab"[i % 2]], [], group=str(i % 20)) for i in range(200)]
    parts = split(records, {"dev": 0.1, "test": 0.1})
    groups = [{record.group for record in part} for part in parts.values()]
    assert [len(part) for part in parts.values()] == [160, 20, 20]
    assert sum(map(len, groups)) == len(set().union(*groups))


def test_split_keeps_doubles_together():
    records = [Record("", f"text  {i % 25}\n" * (1 + i // 25), ["a"], []) for i in range(50)]
    records += [Record("", f" text {i}", ["b"], []) for i in range(25)]
    parts = split(records, {"dev": 0.2})
    texts = [{" ".join(record.text.split()) for record in part} for part in parts.values()]
    assert texts[0] & texts[1] == set()


def test_split_keeps_together_what_doubles_join():
    records = [
        Record("", text, ["a"], [], group=group) for text, group in (("x", "1"), ("x", "2"), ("y", "2"), ("z", "3"))
    ]
    assert [len(part) for part in split(records, {"dev": 0.25}).values()] == [3, 1]


def test_split_of_too_few_groups_says_so():
    records = [Record("", f"text {i}", ["a"], [], group="one") for i in range(20)]
    with pytest.raises(
        ValueError, match="20 documents, 1 of them neither doubles nor of one group, leave none for dev"
    ):
        split(records, {"dev": 0.1})
