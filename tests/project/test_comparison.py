"""The comparison: which runs there are, what they are called, and what the report makes of them."""

import json

import pytest
import spacy
import typer
from spacy import util
from thinc.api import Config

from scripts.compare.__main__ import check_names, planned_runs
from scripts.compare.heads import config_of_method, with_balanced_batches
from scripts.compare.methods import CONFIGS, METHODS, Encoder
from scripts.compare.paired import difference, pooled_difference
from scripts.compare.records import Run
from scripts.compare.records import write_result as write_scores
from scripts.compare.report import (
    markdown_table,
    mean_and_spread,
    mean_minutes,
    pooled_accuracy,
    read_results,
    report_rows,
    run_rows,
)
from scripts.compare.runs import training_command
from scripts.compare.text_baselines import Texts, by_words, by_words_in_chain, first_pieces, fit
from scripts.scores import Predicted
from spacy_hat.training.config import training_config

from ..support.project import ROOT
from ..support.tokenizers_tiny import wordpiece_tokenizer

ENCODERS = [
    (task, name, method)
    for task, methods in METHODS.items()
    for name, method in methods.items()
    if isinstance(method, Encoder)
]


def write_result(folder, method, seed, **values):
    result = {"corpus": "reference", "method": method, "seed": seed, "fold": None, "minutes": 1.0, "max_steps": 0}
    result |= {"accuracy": 0.5, "macro_f1": 0.5, **values}
    (folder / f"reference-{method}-{seed}-{result['max_steps']}.json").write_text(json.dumps(result), encoding="utf8")


def test_planned_runs_take_each_fold_of_the_speeches_once():
    runs = planned_runs("speeches", None, seeds=2, folds=5, first_folds=3, max_steps=0)
    assert len({run.name for run in runs}) == len(runs) == 3 * len(METHODS["speeches"])


def test_planned_runs_have_a_split_of_the_reference_for_each_seed():
    runs = planned_runs("reference", ["HAT, identity start"], seeds=3, folds=5, first_folds=0, max_steps=0)
    assert [run.name for run in runs] == [f"reference-seed{seed}-hat-identity-start" for seed in range(3)]


def test_run_names_tell_trials_from_full_runs():
    assert Run("reference", "HAT", 0, max_steps=6).result != Run("reference", "HAT", 0).result


def test_runs_of_other_epochs_have_a_row_of_their_own(tmp_path):
    write_result(tmp_path, "sentence alone", 0)
    write_result(tmp_path, "sentence alone", 1, epochs=6)
    found = read_results(tmp_path, "reference")
    assert {name: [run["seed"] for run in runs] for name, runs in found.items()} == {
        "sentence alone": [0],
        "sentence alone, 6 epochs": [1],
    }
    assert Run("reference", "HAT", 0, epochs=6).name == "reference-seed0-hat-6epochs"


@pytest.mark.parametrize(("tasks", "methods"), [(["speeches"], ["HAT"]), (["speech"], ["HAT, identity start"])])
def test_check_names_lists_those_that_there_are(tasks, methods):
    with pytest.raises(typer.BadParameter, match=r"There are .*(HAT, identity start|reference)"):
        check_names(tasks, methods)


@pytest.mark.parametrize(("task", "name", "encoder"), ENCODERS)
def test_training_command_overrides_only_what_the_config_has(tmp_path, task, name, encoder):
    run = Run(task, name, 1, max_steps=6)
    command = training_command(run, encoder, corpus=tmp_path, hat=tmp_path, output=tmp_path)
    overrides = [part.removeprefix("--") for part in command if part.startswith("--") and "." in part]
    settings = {tuple(path) for path, _ in util.walk_dict(util.load_config(ROOT / CONFIGS[task], interpolate=False))}
    assert {tuple(name.split(".")) for name in overrides} <= settings


@pytest.mark.parametrize(
    ("n_pieces", "text"), [(2, "hello world"), (3, "hello world this"), (99, "hello world this is")]
)
def test_first_pieces_cuts_between_tokens(n_pieces, text):
    doc = spacy.blank("en")("hello world this is")
    assert first_pieces(doc, wordpiece_tokenizer(), n_pieces) == text


def test_first_pieces_leaves_out_a_token_that_does_not_fit():
    doc = spacy.blank("en")("hello worlds this")  # hello world ##s this
    assert first_pieces(doc, wordpiece_tokenizer(), 2) == "hello"


def test_read_results_tell_trials_from_full_runs(tmp_path):
    write_result(tmp_path, "sentence alone", 0)
    write_result(tmp_path, "sentence alone", 1, max_steps=6)
    assert [run["seed"] for run in read_results(tmp_path, "reference")["sentence alone"]] == [0]
    assert [run["seed"] for run in read_results(tmp_path, "reference", max_steps=6)["sentence alone"]] == [1]


def test_report_rows_average_over_runs(tmp_path):
    for seed, accuracy in enumerate([0.7, 0.8, 0.9]):
        write_result(tmp_path, "sentence alone", seed, accuracy=accuracy)
    rows = report_rows(read_results(tmp_path, "reference"), "reference")
    assert rows == [["sentence alone", "0.800 ± 0.100", "0.500 ± 0.000", "1.0", "3"]]


def test_mean_minutes_leave_out_runs_that_did_not_note_them():
    assert mean_minutes([{"minutes": 1.0}, {}, {"minutes": None}, {"minutes": 2.0}]) == "1.5"
    assert mean_minutes([{}]) == ""


def test_mean_and_spread_of_one_value_has_no_spread():
    assert mean_and_spread([0.5]) == "0.500"


def test_mean_and_spread_leaves_out_what_was_not_kept():
    assert mean_and_spread([0.5, None]) == "0.500"
    assert mean_and_spread([None]) == ""


def test_run_rows_mark_runs_in_half_precision(tmp_path):
    write_result(tmp_path, "sentence alone", 0, bfloat16=True)
    write_result(tmp_path, "sentence alone", 1, bfloat16=False)
    _, rows = run_rows(read_results(tmp_path, "reference"))
    assert rows == [["sentence alone", "0.500 (bf16)", "0.500"]]


def test_pooled_accuracy_weighs_runs_by_their_documents():
    runs = [
        {"n_long": 1, "accuracy_long": 1.0},
        {"n_long": 3, "accuracy_long": 0.0},
        {"n_long": 0, "accuracy_long": None},
        {},
    ]
    assert pooled_accuracy(runs, "long") == "0.250 of 4"


def test_markdown_table_has_a_cell_for_each_header():
    assert markdown_table(["a"], [["x", "1"]]) == "|  | a |\n| --- | --- |\n| x | 1 |"


ANIMALS = Texts([["the cat purrs", "the dog barks"]] * 8, [["cat", "dog"]] * 8)


@pytest.mark.parametrize("classifier", ["regression", "svm"])
def test_by_words_learns_words(classifier):
    model = fit(ANIMALS, ANIMALS, classifier)
    found = by_words(model, Texts([["a cat"], [], ["a dog", "the cat"]], [["cat"], [], ["dog", "cat"]]))
    assert found.found == [["cat"], [], ["dog", "cat"]]


def test_by_words_in_chain_learns_what_follows_what():
    # "the" says nothing; what stands before it does.
    corpus = Texts([["the", "cat", "the", "cat"]] * 8, [["dog", "cat", "dog", "cat"]] * 8)
    model = fit(Texts([["the", "cat", "the", "cat"]] * 8, [["cat", "cat", "dog", "cat"]] * 8), corpus, "regression")
    assert by_words(model, corpus).found[0][0] == by_words(model, corpus).found[0][2]
    assert by_words_in_chain(model, corpus, corpus, corpus).found[0] == ["dog", "cat", "dog", "cat"]


HEADS = [(None, "spacy-hat.SpanClassifier.v1", None), (0, "spacy-hat.SentenceChain.v1", 0)]
HEADS += [(64, "spacy-hat.SentenceChain.v1", 64)]


@pytest.mark.parametrize(("chain", "architecture", "width"), HEADS)
def test_config_of_method_changes_nothing_but_the_head(chain, architecture, width):
    plain = util.load_config(ROOT / CONFIGS["reference"], interpolate=False)
    changed = config_of_method(ROOT / CONFIGS["reference"], "sentences", chain)
    head = changed["components"]["spancat_singlelabel"].pop("model")
    tok2vec = plain["components"]["spancat_singlelabel"].pop("model")["tok2vec"]
    assert changed == plain
    assert head["tok2vec"] == tok2vec
    assert head["@architectures"] == architecture
    assert head.get("recurrent_width") == width
    assert head.get("exclusive_classes") == (True if chain is None else None)


def test_config_of_method_leaves_that_of_documents_with_words():
    path = ROOT / CONFIGS["speeches"]
    assert config_of_method(path, "documents", None, words=True) == util.load_config(path, interpolate=False)


def test_with_balanced_batches_has_those_of_init_config():
    shipped = util.load_config(ROOT / CONFIGS["speeches"], interpolate=False)
    balanced = with_balanced_batches(shipped.copy())["training"]["batcher"]
    written = Config().from_str(training_config(["textcat"], balanced=True), interpolate=False)["training"]["batcher"]
    assert balanced == written


def test_config_of_method_takes_words_from_documents():
    head = config_of_method(ROOT / CONFIGS["speeches"], "documents", None)["components"]["textcat"]["model"]
    assert head["@architectures"] == "spacy-hat.DocumentClassifier.v1"
    assert head["exclusive_classes"]
    assert "linear_model" not in head


def test_result_of_a_run_can_be_paired(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Run("reference", "sentence alone", 0)
    write_scores(run, Predicted([["a", "b"], ["a"]], [["a", "a"], ["a"]]), 1.0)
    result = json.loads(run.result.read_text(encoding="utf8"))
    assert result["right"] == ["10", "1"]
    assert result["accuracy"] == pytest.approx(2 / 3)


def test_difference_is_by_unit_and_its_interval_by_document():
    found = difference(["1111", "10"] * 20, ["0011", "11"] * 20)
    assert found.gain == pytest.approx(1 / 6)
    assert found.low < found.gain < found.high
    # 40 units are better, 20 worse: two-sided binomial test
    assert found.p == pytest.approx(0.0135, abs=1e-3)
    assert found.n_docs == 40


def test_difference_of_a_method_from_itself_is_none():
    found = difference(["10", "1"], ["10", "1"])
    assert (found.gain, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_pooled_difference_takes_the_splits_that_both_have():
    ours = [{"seed": seed, "fold": None, "right": ["1"]} for seed in (0, 1)]
    theirs = [{"seed": 1, "fold": None, "right": ["0"]}, {"seed": 0, "fold": None}]
    assert pooled_difference(ours, theirs).n_docs == 1
    assert pooled_difference(ours, theirs[1:]) is None


def test_result_of_a_pipeline_that_was_kept_does_not_say_how_long_it_took(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Run("reference", "sentence alone", 0)
    write_scores(run, Predicted([["a"]], [["a"]]), None)
    assert "minutes" not in json.loads(run.result.read_text(encoding="utf8"))
