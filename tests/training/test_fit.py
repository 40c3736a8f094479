"""`spacy_hat.fit`: the task follows from the labels, and what comes back predicts."""

import pytest
import spacy
from spacy.tokens import Doc

import spacy_hat

from ..support.pipelines import make_text

QUICK = {
    "training.max_steps": 4,
    "training.eval_frequency": 2,
    "training.logger": {"@loggers": "spacy.ConsoleLogger.v1"},
}
TEXTS = [make_text(number) for number in range(10)]
KINDS = ["allowed" if number % 2 else "dismissed" for number in range(10)]
SENTENCES = [[f"The appeal number {number} is dismissed.", "Costs follow."] for number in range(10)]
TASKS = {
    "textcat": (TEXTS, KINDS),
    "textcat_multilabel": (TEXTS, [["a", "b"] if number % 2 else ["b"] for number in range(10)]),
    "spancat_singlelabel": (SENTENCES, [["ruling", "costs" if number % 2 else None] for number in range(10)]),
}


@pytest.mark.parametrize("task", TASKS)
def test_fit_learns_the_task_that_the_labels_are_of(hat_folder, task):
    texts, labels = TASKS[task]
    nlp = spacy_hat.fit(texts, labels, hat=hat_folder, overrides=QUICK, silent=True)
    assert task in nlp.pipe_names
    doc = nlp(" ".join(texts[0]) if task == "spancat_singlelabel" else texts[0])
    assert doc.cats if task != "spancat_singlelabel" else "sc" in doc.spans


def test_fit_takes_sentences_as_they_are_given_and_finds_them_elsewhere(hat_folder):
    # "No." ends a sentence for the sentencizer, and none of these.
    sentences = [[f"Appeal No. {number} is dismissed", "costs follow."] for number in range(10)]
    labels = [["ruling", "costs"]] * 10
    nlp = spacy_hat.fit(sentences, labels, hat=hat_folder, overrides=QUICK, silent=True)
    given = Doc(
        nlp.vocab,
        words=["Appeal", "No.", "3", "is", "dismissed", "costs", "follow", "."],
        sent_starts=[1, 0, 0, 0, 0, 1, 0, 0],
    )
    assert [sent.text for sent in nlp(given).sents] == ["Appeal No. 3 is dismissed", "costs follow ."]
    assert len(list(nlp("The appeal is dismissed. Costs follow.").sents)) == 2


def test_fit_keeps_all_of_it_where_asked(hat_folder, tmp_path):
    nlp = spacy_hat.fit(TEXTS, KINDS, hat=hat_folder, overrides=QUICK, silent=True, output=tmp_path / "new" / "run")
    kept = {path.name for path in (tmp_path / "new" / "run").iterdir()}
    assert kept == {"config.cfg", "train.spacy", "dev.spacy", "model-best", "model-last"}
    assert spacy.load(tmp_path / "new" / "run" / "model-best")(TEXTS[0]).cats == nlp(TEXTS[0]).cats


def test_fit_is_the_same_for_the_same_seed(hat_folder):
    made = [spacy_hat.fit(TEXTS, KINDS, hat=hat_folder, overrides=QUICK, silent=True, seed=s) for s in (1, 1, 2)]
    cats = [nlp(TEXTS[0]).cats for nlp in made]
    assert cats[0] == cats[1] != cats[2]


def test_fit_prints_nothing_where_asked(hat_folder, capsys):
    spacy_hat.fit(TEXTS, KINDS, hat=hat_folder, overrides=QUICK, silent=True)
    assert capsys.readouterr().out == ""


MISTAKES = {
    "a text": (("one text", ["a"]), "Got: one text"),
    "too few labels": ((TEXTS, KINDS[:3]), "10 texts and 3 labels"),
    "nothing": (([], []), "no texts"),
    "both forms": ((["a text", ["a sentence"]], ["a", ["b"]]), "Some texts are strings"),
    "numbers": ((TEXTS, [1] * 10), "Got: 1 among labels"),
    "an empty label": ((TEXTS, ["", *KINDS[1:]]), r"labels\[0\] is \'\'"),
    "a label for all sentences": ((SENTENCES, ["ruling"] * 10), r"texts\[0\] has 2 sentences"),
    "too few labels of sentences": ((SENTENCES, [["ruling"]] * 10), r"texts\[0\] has 2 sentences"),
    "an empty label of a sentence": ((SENTENCES, [["ruling", ""]] * 10), r"labels\[0\]"),
    "one document": ((TEXTS[:1], KINDS[:1]), "leave none for"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_fit_says_what_does_not_fit(hat_folder, mistake):
    (texts, labels), message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        spacy_hat.fit(texts, labels, hat=hat_folder, silent=True)


def test_fit_replaces_nothing(hat_folder, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty"):
        spacy_hat.fit(TEXTS, KINDS, hat=hat_folder, silent=True, output=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
