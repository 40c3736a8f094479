"""Speeches: tags are removed, speakers are kept together, parties are shared out."""

import json

import numpy
import pytest
import typer
from rich.console import Console
from spacy.tokens import DocBin

from scripts.corpus_files import document_label
from scripts.prepare_speeches import (
    Speech,
    named_speakers,
    prepare_speeches,
    read_speeches,
    remove_speaker_tags,
    speaker_groups,
    split_by_fold,
    split_by_share,
)

TRANSCRIPTS = [
    ("BARACK OBAMA: Thank you.", "Thank you.", {"BARACK OBAMA"}),
    ("(Applause.)\nMARTIN O'MALLEY: Hello.", "(Applause.)\nHello.", {"MARTIN O'MALLEY"}),
    ("G.K. BUTTERFIELD: We know.\nAUDIENCE MEMBERS: No!", "We know.\nNo!", {"G.K. BUTTERFIELD"}),
    ("MAYA SOETORO-NG: Aloha.", "Aloha.", {"MAYA SOETORO-NG"}),
    ("MS. : Good evening.", "Good evening.", set()),
    ("Go!\nnRICHARD HUDSON: This election", "Go!\nThis election", {"RICHARD HUDSON"}),
    ("ANNOUNCER: Please welcome\nMIA LOVE: Hi.\nMIA LOVE: Yes.", "Please welcome\nHi.\nYes.", {"MIA LOVE"}),
    ("Remember this: We build.", "Remember this: We build.", set()),
    ("I say USA: yes.", "I say USA: yes.", set()),
]


def make_speeches(n_docs: int, *, n_speakers: int) -> list[Speech]:
    """Speeches of n_speakers in turn, every third of them republican."""
    return [
        Speech(
            f"Speech {i}.", "republican" if i % n_speakers % 3 == 0 else "democrat", frozenset({f"S{i % n_speakers}"})
        )
        for i in range(n_docs)
    ]


@pytest.mark.parametrize(("transcript", "said", "speakers"), TRANSCRIPTS)
def test_remove_speaker_tags_leaves_what_was_said(transcript, said, speakers):
    assert remove_speaker_tags(transcript) == said


@pytest.mark.parametrize(("transcript", "said", "speakers"), TRANSCRIPTS)
def test_named_speakers_are_those_of_the_tags(transcript, said, speakers):
    assert named_speakers(transcript) == speakers


def test_remove_speaker_tags_makes_no_break_spaces_plain():
    assert remove_speaker_tags("You know —\xa0you know.") == "You know — you know."


def test_speaker_groups_join_speeches_through_others():
    speakers = [{"A"}, {"B"}, {"C"}, {"A", "B"}, set(), set()]
    groups = speaker_groups([Speech("", "", frozenset(names)) for names in speakers])
    assert [set(numpy.flatnonzero(groups == group)) for group in dict.fromkeys(groups)] == [{0, 1, 3}, {2}, {4}, {5}]


def test_split_by_share_keeps_speakers_in_one_part():
    parts = split_by_share(make_speeches(200, n_speakers=70), dev_share=0.15, test_share=0.25, seed=3)
    speakers = [frozenset().union(*(speech.speakers for speech in part)) for part in parts.values()]
    assert sum(len(names) for names in speakers) == len(frozenset().union(*speakers)) == 70


def test_split_by_share_keeps_every_speech():
    speeches = make_speeches(100, n_speakers=100)
    parts = split_by_share(speeches, dev_share=0.15, test_share=0.25, seed=0)
    assert sorted(speech.text for part in parts.values() for speech in part) == sorted(s.text for s in speeches)


def test_split_by_share_has_the_share_of_parties_in_every_part():
    parts = split_by_share(make_speeches(300, n_speakers=300), dev_share=0.15, test_share=0.25, seed=0)
    shares = [numpy.mean([speech.party == "republican" for speech in part]) for part in parts.values()]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.03)


def test_split_by_share_changes_with_the_seed():
    speeches = make_speeches(100, n_speakers=100)
    tests = [split_by_share(speeches, dev_share=0.15, test_share=0.25, seed=seed)["test"] for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]


def test_split_by_share_refuses_an_empty_part():
    with pytest.raises(typer.BadParameter, match="leave a part empty"):
        split_by_share(make_speeches(100, n_speakers=100), dev_share=0.0, test_share=0.25, seed=0)


def test_split_by_fold_tests_every_speech_once():
    speeches = make_speeches(100, n_speakers=40)
    folds = [split_by_fold(speeches, n_folds=5, fold=fold, seed=0) for fold in range(5)]
    assert sorted(speech.text for fold in folds for speech in fold["test"]) == sorted(s.text for s in speeches)


def test_split_by_fold_refuses_a_fold_that_is_not_there():
    with pytest.raises(typer.BadParameter, match="numbered from 0 to 4"):
        split_by_fold(make_speeches(50, n_speakers=50), n_folds=5, fold=5, seed=0)


def test_read_speeches_says_how_to_fetch_them(tmp_path):
    with pytest.raises(typer.BadParameter, match="spacy project run assets"):
        read_speeches(tmp_path / "political_data.json")


def test_prepare_speeches_writes_one_hot_cats(tmp_path, blank_vocab):
    parties = [
        {"name": party, "speeches": [f"{party.upper()} {'I' * (i + 1)}: We are {party}s." for i in range(30)]}
        for party in ("democrat", "republican")
    ]
    (tmp_path / "data.json").write_text(json.dumps(parties), encoding="utf8")
    prepare_speeches(tmp_path / "data.json", tmp_path / "out", console=Console(quiet=True))
    for part in ("train", "dev", "test"):
        docs = list(DocBin().from_disk(tmp_path / "out" / f"{part}.spacy").get_docs(blank_vocab))
        assert [doc.text for doc in docs] == [f"We are {document_label(doc)[0]}s." for doc in docs]
        assert all(sorted(doc.cats.values()) == [0.0, 1.0] for doc in docs)
