"""The documents that come with the package: what they are, and that their card tells the truth."""

import json
from collections import Counter
from typing import get_args

import pytest

from spacy_hat.choices import SampleName
from spacy_hat.machine.kinds import SAMPLE_SOURCE
from spacy_hat.samples.documents import ABOUT, FOLDER, file_of, read_sample

CARD = (FOLDER / "README.md").read_text(encoding="utf8")


def documents(name: SampleName) -> list[dict]:
    return [json.loads(line) for line in read_sample(name).decode().removesuffix("\n").split("\n")]


@pytest.mark.parametrize("name", get_args(SampleName))
def test_sample_says_of_each_document_whose_it_is(name: SampleName) -> None:
    assert name in ABOUT
    assert f"| `{name}` | {len(documents(name))} " in CARD
    assert all(document["source"].startswith(SAMPLE_SOURCE) for document in documents(name))
    assert len({document["id"] for document in documents(name)}) == len(documents(name))


@pytest.mark.parametrize("name", get_args(SampleName))
def test_sample_is_small(name: SampleName) -> None:
    assert file_of(name).stat().st_size < 400_000


def test_sample_of_licences_is_what_its_card_says() -> None:
    words = [len(document["text"].split()) for document in documents("licences")]
    owners = Counter(document["owner"] for document in documents("licences"))
    assert 400 <= min(words) <= max(words) <= 1500
    assert f"({sum(words):,} in all)" in CARD
    assert f"`owner`: {len(owners)}, with at most two" in CARD
    assert max(owners.values()) <= 2
    for label, count in Counter(document["label"] for document in documents("licences")).items():
        assert f"{label} {count}" in CARD


def test_sample_of_docstrings_is_what_its_card_says() -> None:
    sentences = [document["sentences"] for document in documents("docstrings")]
    assert f"of {min(map(len, sentences))} to {max(map(len, sentences))} sentences" in CARD
    assert f"({sum(map(len, sentences)):,} in all)" in CARD
    assert f"`group`: {len({document['group'] for document in documents('docstrings')})}," in CARD
    assert len({sentence["label"] for of_document in sentences for sentence in of_document}) == 8
