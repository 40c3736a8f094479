"""The components `hat_qa` and `hat_choice` in a pipeline: they learn, answer, are saved, and say what is wrong."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_hat.packing.pairs import LongLeadError

from ..support.asked import (
    COSTS,
    EXAMPLES,
    OUTCOMES,
    TASKS,
    WORLD,
    choice_examples,
    long_text,
    make_asking,
    start_asking,
    train_asking,
)

STEPS = {"hat_qa": 25, "hat_choice": 25}
SCORES = {"hat_qa": "qa_f1", "hat_choice": "choice_acc"}


@pytest.fixture(scope="module")
def trained(asking_hat: Path) -> dict[str, tuple[Language, list[Example]]]:
    made = {}
    for task in TASKS:
        nlp, examples = start_asking(asking_hat, task, leads="segments")
        train_asking(nlp, examples, STEPS[task])
        made[task] = nlp, examples
    return made


def asked(nlp: Language, text: str, **extensions: Any) -> Doc:
    doc = nlp.make_doc(text)
    for name, value in ({"questions": [COSTS, WORLD], "options": OUTCOMES} | extensions).items():
        doc._.set(name, value)
    return doc


def answers(doc: Doc) -> Any:
    """What either component wrote."""
    spans = [(span.text, span.label_) for span in doc.spans.get("answers", [])]
    scores = doc.spans["answers"].attrs["scores"] if "answers" in doc.spans else doc._.choice_scores
    return spans, doc._.choice, np.asarray(scores).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("leads", ["segments", "windows"])
def test_asking_learns(asking_hat: Path, task: str, leads: str) -> None:
    nlp, examples = start_asking(asking_hat, task, leads=leads)
    losses = train_asking(nlp, examples, 40)
    assert losses[-1] < losses[0] / 3
    assert nlp.evaluate(examples)[SCORES[task]] > 0.9


def test_qa_answers_with_spans_of_the_document(trained: Any) -> None:
    nlp, _ = trained["hat_qa"]
    doc = nlp(asked(nlp, long_text(3)))
    found = {span.label_: span.text for span in doc.spans["answers"]}
    assert found == {COSTS: "costs follow", WORLD: "hello world"}
    assert set(doc.spans["answers"].attrs["no_answer"]) == {COSTS, WORLD}
    assert all(0 < score <= 1 for score in doc.spans["answers"].attrs["scores"])


def test_qa_gives_no_answer_where_there_is_none(trained: Any) -> None:
    nlp, _ = trained["hat_qa"]
    doc = nlp(asked(nlp, long_text(2)))
    group = doc.spans["answers"]
    assert [span.label_ for span in group] == [COSTS]
    assert group.attrs["no_answer"][WORLD] > 0.5


def test_qa_threshold_zero_always_answers(trained: Any) -> None:
    nlp, _ = trained["hat_qa"]
    component = nlp.get_pipe("hat_qa")
    component.cfg["threshold"] = 0.0
    doc = nlp(asked(nlp, long_text(2)))
    component.cfg["threshold"] = 0.5
    assert [span.label_ for span in doc.spans["answers"]] == [COSTS, WORLD]


def test_qa_asks_its_own_questions_and_those_of_the_document_once(asking_hat: Path) -> None:
    nlp, _ = start_asking(asking_hat, questions=[COSTS, "who?"])
    doc = nlp(asked(nlp, long_text(1), questions=["why?", COSTS]))
    assert list(doc.spans["answers"].attrs["no_answer"]) == [COSTS, "who?", "why?"]


def test_qa_n_best_gives_several_answers(asking_hat: Path) -> None:
    nlp, _ = start_asking(asking_hat, n_best=3, threshold=0.0, max_answer_tokens=2)
    doc = nlp(asked(nlp, long_text(3), questions=["why?"]))
    assert len(doc.spans["answers"]) == 3


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_qa_of_an_empty_document_has_no_answer(trained: Any, text: str) -> None:
    nlp, _ = trained["hat_qa"]
    doc = nlp(asked(nlp, text))
    group = doc.spans["answers"]
    assert len(group) == 0
    assert group.attrs["no_answer"] == pytest.approx({COSTS: 1.0, WORLD: 1.0})


def test_qa_without_a_question_answers_nothing(trained: Any) -> None:
    nlp, _ = trained["hat_qa"]
    doc = nlp(long_text(1))
    assert len(doc.spans["answers"]) == 0


def test_choice_is_the_likeliest_option(trained: Any) -> None:
    nlp, _ = trained["hat_choice"]
    for number in range(4):
        doc = nlp(asked(nlp, long_text(number)))
        assert doc._.choice == OUTCOMES[int(np.argmax(doc._.choice_scores))] == OUTCOMES[number % 2]
        assert sum(doc._.choice_scores) == pytest.approx(1.0)


def test_choice_does_not_hang_on_the_order_of_options(trained: Any) -> None:
    nlp, _ = trained["hat_choice"]
    one, other = (nlp(asked(nlp, long_text(1), options=options)) for options in (OUTCOMES, OUTCOMES[::-1]))
    np.testing.assert_allclose(one._.choice_scores, other._.choice_scores[::-1], atol=1e-6)


def test_choice_reads_the_question_along(trained: Any) -> None:
    nlp, _ = trained["hat_choice"]
    plain, with_question = nlp(asked(nlp, long_text(1))), nlp(asked(nlp, long_text(1), question="the court?"))
    assert plain._.choice_scores != with_question._.choice_scores


def test_choice_without_options_is_none(trained: Any) -> None:
    nlp, _ = trained["hat_choice"]
    doc = nlp(long_text(1))
    assert doc._.choice is None
    assert doc._.choice_scores is None


def test_choice_has_options_of_its_own(asking_hat: Path) -> None:
    nlp, _ = start_asking(asking_hat, "hat_choice", options=OUTCOMES, question="the court?")
    assert nlp(long_text(1))._.choice in OUTCOMES


@pytest.mark.parametrize("task", TASKS)
def test_asking_scores_documents_that_bring_no_questions(trained: Any, task: str) -> None:
    nlp, examples = trained[task]
    assert all(example.predicted._.questions is example.predicted._.options is None for example in examples)
    assert nlp.evaluate(examples)[SCORES[task]] > 0.9


def test_qa_keeps_the_scores_of_answers_where_the_annotation_asks_more(trained: Any) -> None:
    nlp, examples = trained["hat_qa"]
    nlp.get_pipe("hat_qa").cfg["threshold"] = 0.0
    doc = nlp(asked(nlp, examples[0].text, questions=[COSTS]))
    own = doc.spans["answers"].attrs
    before, none_before = own["scores"].tolist(), dict(own["no_answer"])
    nlp.get_pipe("hat_qa").score([Example(doc, examples[0].reference)])
    nlp.get_pipe("hat_qa").cfg["threshold"] = 0.5
    group = doc.spans["answers"]
    assert len(group) == len(group.attrs["scores"]) == len(before) + 1
    assert group.attrs["scores"][: len(before)].tolist() == before
    assert group.attrs["no_answer"].keys() == {COSTS, WORLD}
    assert group.attrs["no_answer"][COSTS] == none_before[COSTS]


def test_qa_reads_settings_where_they_were_saved_as_components_of_spacy_do(trained: Any, tmp_path: Path) -> None:
    nlp, _ = trained["hat_qa"]
    nlp.to_disk(tmp_path)
    config = (tmp_path / "config.cfg").read_text()
    (tmp_path / "config.cfg").write_text(config.replace("n_best = 1", "n_best = 5"))
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("hat_qa").cfg["n_best"] == 1
    loaded.get_pipe("hat_qa").cfg["n_best"] = 3
    loaded.to_disk(tmp_path)
    assert spacy.load(tmp_path).get_pipe("hat_qa").cfg["n_best"] == 3


@pytest.mark.parametrize("task", TASKS)
def test_asking_answers_the_same_in_a_batch_and_one_by_one(trained: Any, task: str) -> None:
    nlp, _ = trained[task]
    texts = [long_text(0), "", long_text(1), long_text(3)]
    together = [answers(doc) for doc in nlp.pipe(asked(nlp, text) for text in texts)]
    alone = [answers(nlp(asked(nlp, text))) for text in texts]
    assert [one[:2] for one in together] == [one[:2] for one in alone]
    np.testing.assert_allclose(
        np.concatenate([a[2] for a in together]), np.concatenate([a[2] for a in alone]), atol=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_asking_works_in_two_processes(trained: Any, task: str) -> None:
    nlp, _ = trained[task]
    docs = nlp.pipe((asked(nlp, long_text(number)) for number in range(4)), n_process=2, batch_size=2)
    assert [answers(doc)[:2] for doc in docs] == [answers(nlp(asked(nlp, long_text(n))))[:2] for n in range(4)]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("way", ["disk", "bytes", "pickle"])
def test_asking_answers_the_same_after_it_was_saved(trained: Any, task: str, way: str, tmp_path: Path) -> None:
    nlp, _ = trained[task]
    if way == "disk":
        nlp.to_disk(tmp_path)
        again = spacy.load(tmp_path)
    elif way == "bytes":
        again = make_asking("", task, leads="segments").from_bytes(nlp.to_bytes())
    else:
        again = make_asking("", task)
        again._components[-1] = (task, pickle.loads(pickle.dumps(nlp.get_pipe(task))))
    assert answers(again(asked(again, long_text(3)))) == answers(nlp(asked(nlp, long_text(3))))


@pytest.mark.parametrize("task", TASKS)
def test_asking_answers_survive_docbin(trained: Any, task: str) -> None:
    nlp, _ = trained[task]
    doc = nlp(asked(nlp, long_text(3)))
    (again,) = DocBin(docs=[doc], store_user_data=True).get_docs(nlp.vocab)
    assert answers(again) == answers(doc)
    assert list(again._.questions) == [COSTS, WORLD]


@pytest.mark.parametrize("task", TASKS)
def test_asking_reads_questions_that_came_through_docbin(trained: Any, task: str) -> None:
    nlp, _ = trained[task]
    (doc,) = DocBin(docs=[asked(nlp, long_text(3))], store_user_data=True).get_docs(nlp.vocab)
    assert answers(nlp(doc)) == answers(nlp(asked(nlp, long_text(3))))


@pytest.mark.parametrize("task", TASKS)
def test_asking_with_nothing_to_learn_from_is_an_error(asking_hat: Path, task: str) -> None:
    nlp = make_asking(asking_hat, task)
    docs = [nlp.make_doc(long_text(number)) for number in range(3)]
    with pytest.raises(ValueError, match=f"Component '{task}' has nothing to learn from. Got: 3 training documents"):
        nlp.initialize(lambda: [Example(doc, doc.copy()) for doc in docs])


def test_qa_takes_the_gradient_of_all_questions_whatever_is_read_at_once(asking_hat: Path) -> None:
    losses = []
    for at_once in (1, 50):
        nlp, examples = start_asking(asking_hat, pairs_at_once=at_once)
        losses.append(train_asking(nlp, examples, 3))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_qa_learns_nothing_from_documents_without_questions(trained: Any) -> None:
    nlp, _ = trained["hat_qa"]
    component = nlp.get_pipe("hat_qa")
    doc = nlp.make_doc(long_text(1))
    examples = [Example(doc, doc.copy())]
    loss, _ = component.get_loss(examples, component.model.predict([]))
    assert loss == component.update(examples, losses={})["hat_qa"] == 0.0


def test_qa_says_that_an_answer_is_cut_off(asking_hat: Path) -> None:
    encoder = {"overflow": "truncate"}
    nlp, examples = start_asking(asking_hat, encoder=encoder)
    for example in examples:
        doc = example.reference
        doc.spans["answers"] = [doc.char_span(len(doc.text) - 6, len(doc.text), COSTS, alignment_mode="expand")]
    with pytest.warns(UserWarning, match="questions of a batch of 'hat_qa' are not learned from"):
        train_asking(nlp, examples, 1)


def test_choice_among_options_of_the_component_is_scored(asking_hat: Path) -> None:
    nlp = make_asking(asking_hat, "hat_choice", options=OUTCOMES)
    nlp.initialize()
    examples = choice_examples(nlp)
    for example in examples:
        example.reference._.options = None
    assert isinstance(nlp.evaluate(examples)["choice_acc"], float)


def test_choice_is_scored_with_the_question_of_the_annotation(trained: Any) -> None:
    nlp, _ = trained["hat_choice"]
    (example,) = choice_examples(nlp, 1)
    example.reference._.question = "the court?"
    example.predicted = nlp(example.predicted)
    nlp.get_pipe("hat_choice").score([example])
    alone, asked = nlp.make_doc(example.text), nlp.make_doc(example.text)
    alone._.options = asked._.options = example.reference._.options
    asked._.question = "the court?"
    assert example.predicted._.choice_scores == pytest.approx(nlp(asked)._.choice_scores, abs=1e-6)
    assert example.predicted._.choice_scores != pytest.approx(nlp(alone)._.choice_scores, abs=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_asking_refuses_what_is_too_long_before_the_first_step(asking_hat: Path, task: str) -> None:
    nlp = make_asking(asking_hat, task)
    examples = EXAMPLES[task](nlp)
    long = "who read this and what did they say of it " * 4
    if task == "hat_qa":
        examples[-1].reference._.questions = [long]
    else:
        examples[-1].reference._.question = long
    with pytest.raises(LongLeadError, match='set leads = "windows"'):
        nlp.initialize(lambda: examples)
