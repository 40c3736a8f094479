"""Tasks that look for one label: average precision, in result files, in the report and in paired tests."""

import json

import numpy
import pytest
import spacy
from sklearn.metrics import average_precision_score
from spacy.tokens import Doc, Span

from scripts.chances import CHANCES, keep_chances
from scripts.compare.ranked import UNIT, average_precisions, precision_difference, stored_ranking
from scripts.compare.records import Run, write_result
from scripts.compare.report import headers_of, markdown_report, paired_rows, read_results, report_rows
from scripts.compare.shares import steps_of_task
from scripts.compare.tasks.table import TASKS
from scripts.compare.text_baselines import Texts, by_words, by_words_in_chain, fit
from scripts.corpus_files import write_parts
from scripts.scores import Predicted, Ranking, chances_in_order

OURS, OTHER = "HAT, LSTM and chain learned with it", "sentence alone"
GOLD = [["laugh", "no laugh", "no laugh"], ["no laugh", "laugh"]] * 10


def predicted(chances, gold=GOLD):
    return Predicted(gold, gold, ranking=Ranking("laugh", chances))


def result_of(chances, **about):
    values = predicted(chances)
    stored = stored_ranking(values.ranking, values.gold)
    about = {"seed": 0, "fold": None, "average_precision": values.scores()["average_precision"], **about}
    return {**stored, **about}


def random_chances(seed):
    return [numpy.random.default_rng([seed, i]).random(len(of_doc)).tolist() for i, of_doc in enumerate(GOLD)]


def right_chances():
    return [[0.9 if label == "laugh" else 0.1 for label in of_doc] for of_doc in GOLD]


def test_average_precision_counts_the_order_over_all_documents():
    scores = Predicted([["laugh", "no laugh"], ["laugh"]], [["laugh"] * 2, ["laugh"]]).scores()
    assert "average_precision" not in scores
    ranking = Ranking("laugh", [[0.2, 0.5], [0.9]])
    assert ranking.average_precision([["laugh", "no laugh"], ["laugh"]]) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_without_anything_to_find_is_zero():
    assert Ranking("laugh", [[0.2]]).average_precision([["no laugh"]]) == 0.0


def test_average_precisions_equal_those_of_documents_that_are_there_so_often():
    chances = [[round(one, 1) for one in of_doc] for of_doc in random_chances(0)]  # many are equal
    times = numpy.random.default_rng(0).integers(0, 3, size=(5, len(GOLD)))
    expected = [
        average_precision_score(
            [label == "laugh" for n, of_doc in zip(sample, GOLD, strict=True) for label in of_doc * n],
            [one for n, of_doc in zip(sample, chances, strict=True) for one in of_doc * n],
        )
        for sample in times
    ]
    numpy.testing.assert_allclose(average_precisions(result_of(chances), times), expected)


def test_stored_ranking_has_a_line_for_each_document():
    stored = stored_ranking(Ranking("x", [[0.25, 1.0], []]), [["x", "y"], []])
    assert stored == {"wanted": ["10", ""], "chances": [f"{UNIT // 4} {UNIT}", ""]}


def test_precision_difference_of_a_method_from_itself_is_none():
    found = precision_difference([result_of(random_chances(0))], [result_of(random_chances(0))])
    assert (found.gain, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_precision_difference_tells_a_ranking_from_chance():
    found = precision_difference([result_of(right_chances())], [result_of(random_chances(0))])
    assert 0 < found.low < found.gain < found.high
    assert found.p < 0.01
    assert found.n_docs == len(GOLD)


def test_precision_difference_leaves_out_results_that_have_no_ranking():
    old = {"seed": 1, "fold": None, "accuracy": 0.5}
    ours = [result_of(right_chances()), result_of(right_chances(), seed=1)]
    assert precision_difference(ours, [old, result_of(random_chances(0))]).n_docs == len(GOLD)
    assert precision_difference(ours, [old]) is None


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_result(Run("laughs", OTHER, 0), predicted(random_chances(0)), 1.0)
    write_result(Run("laughs", OURS, 0), predicted(right_chances()), 1.0)
    old = {"corpus": "laughs", "method": "HSLN", "seed": 0, "fold": None, "max_steps": 0}
    values = json.dumps({**old, "accuracy": 0.5, "macro_f1": 0.5})
    (tmp_path / "results/compare/laughs-old.json").write_text(values, encoding="utf8")
    return tmp_path / "results/compare"


def test_report_ranks_methods_by_average_precision_and_reads_results_without_it(results):
    rows = report_rows(read_results(results, "laughs"), "laughs")
    assert headers_of("laughs")[0] == "average precision"
    assert [row[0] for row in rows] == [OURS, OTHER, "HSLN"]
    assert [row[1] for row in rows][::2] == ["1.000", ""]


def test_report_has_a_paired_test_of_average_precision(results):
    assert [row[0] for row in paired_rows(read_results(results, "laughs"), OURS, precision_difference)] == [OTHER]
    assert "average precision of the label 'laugh'" in markdown_report(results, "command")


@pytest.mark.parametrize("task", sorted(set(TASKS) - {"laughs"}))
def test_report_of_other_tasks_has_no_average_precision(task):
    assert "average precision" not in headers_of(task)


ANIMALS = Texts([["the cat purrs", "the dog barks"]] * 8, [["cat", "dog"]] * 8)


@pytest.mark.parametrize("classifier", ["regression", "svm"])
def test_by_words_ranks_texts_by_the_label_that_is_looked_for(classifier):
    test = Texts([["a cat"], ["a dog", "the"]], [["cat"], ["dog", "dog"]])
    for label, best in (("cat", 0), ("dog", 1)):
        ranking = by_words(fit(ANIMALS, ANIMALS, classifier, label), test, label).ranking
        assert numpy.argmax([one for of_doc in ranking.chances for one in of_doc]) == best


def test_by_words_of_an_unknown_label_has_no_chance_of_it():
    assert by_words(fit(ANIMALS, ANIMALS, "svm"), ANIMALS, "bird").ranking.chances == [[0.0, 0.0]] * 8


def test_by_words_in_chain_has_the_chances_of_the_chain():
    model = fit(ANIMALS, ANIMALS, "regression", "cat")
    found = by_words_in_chain(model, ANIMALS, ANIMALS, ANIMALS, "cat")
    assert found.found[0] == ["cat", "dog"]
    assert found.ranking.chances[0][0] > 0.5 > found.ranking.chances[0][1]


def test_chances_in_order_are_those_of_annotated_sentences():
    doc = Doc(spacy.blank("en").vocab, words=["a", "b", "c"])
    doc.spans["sc"] = [Span(doc, 0, 2, label="x"), Span(doc, 2, 3, label="y")]
    assert chances_in_order(doc, {(0, 3): 0.25, (0, 1): 1.0}) == [0.25, 0.0]


def test_keep_chances_has_those_of_a_label_that_is_not_given():
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    suggester = {"@misc": "spacy-hat.sentence_suggester.v1"}
    head = nlp.add_pipe("spancat_singlelabel", config={"suggester": suggester})
    for label in ("laugh", "no laugh"):
        head.add_label(label)
    nlp.initialize()
    keep_chances(nlp, head, "laugh")
    doc = nlp("A cat. A dog.")
    _, scores = head.predict([doc])
    assert list(doc.user_data[CHANCES]) == [(0, 6), (7, 13)]
    numpy.testing.assert_allclose(list(doc.user_data[CHANCES].values()), scores[:, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("task", "max_steps"), [("speeches", None), ("reference", None), ("laughs", "200"), ("news", "200")]
)
def test_steps_of_task_are_those_of_init_config_where_the_config_is_for_another(tmp_path, task, max_steps):
    nlp = spacy.blank("en")
    write_parts({"train": [nlp("a")] * 58}, tmp_path)
    found = steps_of_task(TASKS[task], tmp_path / "train.spacy", epochs=4)
    assert found.get("training.max_steps") == max_steps


def test_steps_of_task_read_sentences_six_times(tmp_path):
    nlp = spacy.blank("en")
    write_parts({"train": [nlp("a")] * 400}, tmp_path)
    steps = [steps_of_task(TASKS[task], tmp_path / "train.spacy", epochs=4) for task in ("laughs", "news")]
    assert [found["training.max_steps"] for found in steps] == ["1200", "800"]
    rates = [found["training.optimizer.encoder_learn_rate.initial_rate"] for found in steps]
    assert rates == ["0.0001", "0.00005"]
