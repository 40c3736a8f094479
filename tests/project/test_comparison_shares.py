"""Parts of the labels, and sentences with those around them, in the comparison."""

import json

import pytest
import spacy
import typer
from spacy.tokens import DocBin
from thinc.api import Config

from scripts.compare.__main__ import check_shares, planned_runs
from scripts.compare.methods import CONFIGS
from scripts.compare.records import Run
from scripts.compare.report import curve_rows, read_results
from scripts.compare.shares import steps_of_share, write_share
from scripts.compare.text_baselines import Texts, by_words, fit, with_neighbours
from scripts.corpus_files import write_parts

from ..support.project import ROOT


def texts_of(path):
    return [doc.text for doc in DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)]


@pytest.fixture
def corpus(tmp_path):
    nlp = spacy.blank("en")
    write_parts({part: [nlp(f"{part} {i}") for i in range(20)] for part in ("train", "dev", "test")}, tmp_path / "all")
    return tmp_path / "all"


@pytest.mark.parametrize(("share", "n_docs"), [(0.1, 2), (0.3, 6), (0.001, 1), (1.0, 20)])
def test_write_share_keeps_so_many_documents_of_train(corpus, tmp_path, share, n_docs):
    write_share(corpus, tmp_path / "some", share=share, seed=0)
    assert len(texts_of(tmp_path / "some" / "train.spacy")) == n_docs


@pytest.mark.parametrize("part", ["dev", "test"])
def test_write_share_leaves_what_is_tested_on(corpus, tmp_path, part):
    write_share(corpus, tmp_path / "some", share=0.1, seed=0)
    assert texts_of(tmp_path / "some" / f"{part}.spacy") == texts_of(corpus / f"{part}.spacy")


def test_write_share_gives_a_larger_one_the_documents_of_a_smaller_one(corpus, tmp_path):
    for share in (0.1, 0.3):
        write_share(corpus, tmp_path / str(share), share=share, seed=3)
    smaller, larger = (set(texts_of(tmp_path / str(share) / "train.spacy")) for share in (0.1, 0.3))
    assert smaller < larger


@pytest.mark.parametrize(("share", "part"), [(0.1, 1 / 3), (0.5, 0.5)])
def test_steps_of_share_are_as_many_epochs_but_never_few(share, part):
    config = ROOT / CONFIGS["reference"]
    whole = Config().from_disk(config, interpolate=False)["training"]["max_steps"]
    assert steps_of_share(config, share)["training.max_steps"] == str(round(part * whole))


def test_steps_of_share_leaves_the_config_alone_with_all_labels():
    assert not steps_of_share(ROOT / CONFIGS["reference"], 1.0)


def test_run_names_tell_shares_apart():
    assert Run("reference", "HAT", 0, share=0.1).result != Run("reference", "HAT", 0).result


def test_planned_runs_take_each_share():
    options = {"seeds": 1, "folds": 5, "first_folds": 0, "max_steps": 0}
    runs = planned_runs("reference", ["HSLN"], **options, shares=(0.1, 1.0))
    assert [run.share for run in runs] == [0.1, 1.0]


def test_check_shares_lists_those_that_there_are():
    with pytest.raises(typer.BadParameter, match=r"0\.1, 0\.3"):
        check_shares([0.2])


def write_result(folder, share, accuracy):
    scores = {"accuracy": accuracy, "macro_f1": accuracy / 2, "right": ["1"]}
    about = {"method": "HSLN", "seed": 0, "fold": None, "max_steps": 0, "share": share}
    (folder / f"reference-{share}.json").write_text(json.dumps(about | scores), encoding="utf8")


def test_read_results_leaves_out_runs_with_few_labels(tmp_path):
    write_result(tmp_path, 0.1, 0.5)
    assert read_results(tmp_path, "reference") == {}


def test_curve_rows_have_a_column_for_each_share(tmp_path):
    write_result(tmp_path, 0.1, 0.5)
    write_result(tmp_path, 1.0, 0.8)
    assert curve_rows(tmp_path, "reference") == (["10%", "100%"], [["HSLN", "0.500 / 0.250", "0.800 / 0.400"]])


def test_curve_rows_are_none_where_all_labels_were_there(tmp_path):
    write_result(tmp_path, 1.0, 0.8)
    assert curve_rows(tmp_path, "reference") == ([], [])


# Only the sentence before tells: all sentences are the same words.
PLAYS = Texts([["red", "it is", "blue", "it is"]] * 8, [["colour", "r", "colour", "b"]] * 8)


def test_with_neighbours_lets_words_of_other_sentences_decide():
    around = with_neighbours(PLAYS, 1)
    assert by_words(fit(around, around, "regression"), around).found == [list(labels) for labels in PLAYS.labels]


def test_fit_without_neighbours_cannot_tell_equal_sentences_apart():
    found = by_words(fit(PLAYS, PLAYS, "regression"), PLAYS).found[0]
    assert found[1] == found[3]


def test_with_neighbours_stops_at_the_ends_of_a_document():
    assert with_neighbours(Texts([["a", "b"]], [["x", "y"]]), 2).texts == [["a\x1fb", "b\x1fa"]]
