"""The bag of n-grams beside scikit-learn's TF-IDF and linear classifiers, and what a pipeline stores of it."""

import numpy
import pytest
import spacy
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from spacy.tokens import Doc

from spacy_hat.layers.ngram_bag import WordsShim, ngram_bag, words_of
from spacy_hat.layers.ngrams import Counts, ngrams_of
from spacy_hat.layers.stored import DamagedPipelineError
from spacy_hat.layers.word_choice import STRENGTHS, best_stretch, fit_chosen, held_out_logits
from spacy_hat.layers.word_fit import BIAS_DECAY, FitSettings, _squared_hinge, fit_words, importance_of
from spacy_hat.layers.word_memory import WordMemory
from spacy_hat.layers.word_table import WordTable

NLP = spacy.blank("en")
WORDS = [f"xyz{letter}{other}" for letter in "abcdefgh" for other in "abcde"]
LABELS = numpy.array([0, 1, 2, 0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0])


N_DOCS = 18
"""Too few to hold some out."""


def documents(n_docs: int = N_DOCS, first: int = 0) -> list[Doc]:
    random = numpy.random.default_rng(first)
    lines = []
    for number in range(n_docs):
        label = LABELS[(first + number) % len(LABELS)]
        often = WORDS[10 * label : 10 * label + 10]
        lines.append(" ".join([*random.choice(WORDS, 12), *random.choice(often, 4)]))
    return [NLP(line) for line in lines]


def one_hot(n_docs: int = N_DOCS) -> numpy.ndarray:
    return numpy.eye(3, dtype="float32")[numpy.resize(LABELS, n_docs)]


def learned(docs: list[Doc], truth: numpy.ndarray, **settings) -> WordsShim:
    model = ngram_bag(**{"exclusive_classes": True, "strength": 10.0, **settings}, nO=truth.shape[1])
    model.initialize()
    words_of(model).learn(docs, truth)
    return words_of(model)


@pytest.mark.parametrize("balanced", [True, False])
def test_ngram_bag_equals_tf_idf_and_logistic_regression(balanced):
    train, test = documents(), documents(first=100)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    known = vectors.fit_transform([doc.text for doc in train])
    weight = "balanced" if balanced else None
    reference = LogisticRegression(C=10.0, class_weight=weight, max_iter=1000, tol=1e-8).fit(known, LABELS)
    expected = reference.predict_proba(vectors.transform([doc.text for doc in test]))
    logits = learned(train, one_hot(), strength=10.0, balanced=balanced).logits(test)
    found = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    numpy.testing.assert_allclose(found / found.sum(axis=1, keepdims=True), expected, atol=0.01)


def test_ngram_bag_of_many_labels_equals_one_regression_each():
    train, test = documents(), documents(first=100)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    known, asked = (vectors.fit_transform([d.text for d in train]), [d.text for d in test])
    logits = learned(train, one_hot(), exclusive_classes=False).logits(test)
    for label in range(3):
        reference = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000, tol=1e-8)
        reference.fit(known, numpy.equal(LABELS, label))
        expected = reference.decision_function(vectors.transform(asked))
        numpy.testing.assert_allclose(logits[:, label], expected, atol=0.05)


@pytest.mark.parametrize("strength", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("exclusive_classes", [True, False])
def test_ngram_bag_equals_tf_idf_and_a_support_vector_machine(exclusive_classes, strength):
    train, test = documents(), documents(first=100)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    known, asked = vectors.fit_transform([doc.text for doc in train]), [doc.text for doc in test]
    settings = {"exclusive_classes": exclusive_classes, "strength": strength}
    logits = learned(train, one_hot(), loss="squared_hinge", **settings).logits(test)
    importance = importance_of(one_hot(), FitSettings(exclusive_classes, strength, True))
    for label in range(3):
        reference = LinearSVC(C=strength, tol=1e-7, max_iter=100_000, intercept_scaling=BIAS_DECAY**-0.5)
        weights = numpy.broadcast_to(importance, (N_DOCS, 3))[:, label]
        reference.fit(known, numpy.equal(LABELS, label), sample_weight=weights)
        expected = reference.decision_function(vectors.transform(asked))
        numpy.testing.assert_allclose(logits[:, label], expected, atol=0.01)


@pytest.mark.slow
def test_fit_words_by_margins_goes_on_until_nothing_changes():
    docs, truth = documents(600), one_hot(600)
    settings = FitSettings(True, 10.0, True, "squared_hinge")
    found = fit_words(WordTable.of_documents(Counts.of(docs, 2), 3, 10_000), Counts.of(docs, 2), truth, settings)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    known = vectors.fit_transform([doc.text for doc in docs])
    reference = LinearSVC(C=10.0, tol=1e-6, max_iter=100_000, intercept_scaling=BIAS_DECAY**-0.5)
    weights = importance_of(truth, settings)[:, 0]
    reference.fit(known, numpy.resize(LABELS, 600), sample_weight=weights)
    numpy.testing.assert_allclose(found.logits(Counts.of(docs, 2)), reference.decision_function(known), atol=0.01)


def test_squared_hinge_has_the_gradient_of_its_loss():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 3, generator=random, dtype=torch.float64).mul(2).requires_grad_()
    right = torch.from_numpy(one_hot(5).astype("float64"))
    loss, d_logits = _squared_hinge(logits, right, torch.rand(5, 1, generator=random, dtype=torch.float64))
    loss.backward()
    torch.testing.assert_close(d_logits, logits.grad)


def test_ngram_bag_of_margins_does_not_mind_a_label_that_is_not_known():
    docs, truth = documents(), one_hot()
    unknown = truth.copy()
    unknown[0] = numpy.nan
    settings = {"exclusive_classes": False, "loss": "squared_hinge", "balanced": False}
    found = learned(docs, unknown, **settings).logits(docs[1:])
    fitted = fit_words(
        table_of(docs), Counts.of(docs[1:], 2), truth[1:], FitSettings(False, 10.0, False, "squared_hinge")
    )
    numpy.testing.assert_allclose(found, fitted.logits(Counts.of(docs[1:], 2)), atol=0.02)


def test_ngram_bag_learns_more_documents_by_regression():
    bag = learned(documents(60), one_hot(60), loss="squared_hinge")
    again = learned(documents(4), one_hot(4), loss="squared_hinge").from_bytes(bag.to_bytes())
    other = learned(documents(4), one_hot(4), loss="log").from_bytes(bag.to_bytes())
    for one in (again, other):
        one.learn(documents(9, first=60), one_hot(9))
    numpy.testing.assert_array_equal(again.logits(documents()), other.logits(documents()))


def test_ngram_bag_says_which_losses_there_are():
    with pytest.raises(ValueError, match=r"loss is 'hinge', expected one of log, squared_hinge.*linear_model"):
        ngram_bag(exclusive_classes=True, loss="hinge")


def test_ngram_bag_shown_in_parts_and_again_equals_all_at_once():
    docs = documents()
    whole = learned(docs, one_hot())
    parts = learned(docs[:7], one_hot()[:7])
    parts.logits(docs)
    parts.learn(docs[7:], one_hot()[7:])
    parts.learn(docs[3:12], one_hot()[3:12])
    numpy.testing.assert_array_equal(parts.logits(docs), whole.logits(docs))


def test_ngram_bag_knows_the_most_frequent_ngrams():
    table = learned(documents(), one_hot(), max_ngrams=5).table
    everything = learned(documents(), one_hot()).table
    assert len(table.keys) == 5
    numpy.testing.assert_allclose(numpy.sort(table.idf), numpy.sort(everything.idf)[:5])


@pytest.mark.parametrize("loss", ["log", "squared_hinge"])
@pytest.mark.parametrize("exclusive_classes", [True, False])
def test_ngram_bag_is_as_sure_as_its_answers_on_others_deserve(exclusive_classes, loss):
    n_docs, others = 120, documents(120, first=180)
    settings = FitSettings(exclusive_classes, 1.0, balanced=True, loss=loss)
    truth = one_hot(n_docs)
    plain = fit_words(table_of(documents(n_docs)), Counts.of(documents(n_docs), 2), truth, settings)
    chosen = fit_chosen(table_of(documents(n_docs)), Counts.of(documents(n_docs), 2), truth, settings)
    stretches = [best_stretch(table.logits(Counts.of(others, 2)), truth, settings)[1] for table in (plain, chosen)]
    assert stretches[0] > 2
    assert stretches[1] == pytest.approx(1, rel=0.5)


def test_fit_chosen_takes_the_strength_that_is_best_on_documents_held_out():
    docs, truth = documents(60), one_hot(60)
    counts, table = Counts.of(docs, 2), table_of(docs)
    found = fit_chosen(table, counts, truth, FitSettings(True, None, True))
    tried = [fit_chosen(table, counts, truth, FitSettings(True, strength, True)) for strength in STRENGTHS["log"]]
    assert sum(numpy.array_equal(found.weights, one.weights) for one in tried) == 1


def test_fit_chosen_takes_the_loss_that_is_better_on_documents_held_out():
    docs, truth = documents(60), one_hot(60)
    counts, table = Counts.of(docs, 2), table_of(docs)
    found = fit_chosen(table, counts, truth, FitSettings(True, None, True, None))
    tried = {loss: fit_chosen(table, counts, truth, FitSettings(True, None, True, loss)) for loss in STRENGTHS}
    losses = {
        loss: min(
            best_stretch(held_out_logits(table, counts, truth, settings), truth, settings)[0]
            for settings in (FitSettings(True, strength, True, loss) for strength in STRENGTHS[loss])
        )
        for loss in STRENGTHS
    }
    best = min(losses, key=lambda loss: losses[loss])
    assert losses["log"] != losses["squared_hinge"]
    numpy.testing.assert_array_equal(found.weights, tried[best].weights)


def test_fit_chosen_of_few_documents_is_a_regression():
    counts, table = Counts.of(documents(), 2), table_of(documents())
    found, regression = (fit_chosen(table, counts, one_hot(), FitSettings(True, None, True, x)) for x in (None, "log"))
    numpy.testing.assert_array_equal(found.weights, regression.weights)


def table_of(docs: list[Doc]) -> WordTable:
    return WordTable.of_documents(Counts.of(docs, 2), 3, 1000)


def test_ngrams_run_over_punctuation_and_case():
    one, other = ngrams_of(NLP("The court, held"), 2), ngrams_of(NLP("the Court held ."), 2)
    numpy.testing.assert_array_equal(one.keys, other.keys)
    assert len(one.keys) == 5


def test_ngram_bag_is_the_same_after_bytes():
    bag = learned(documents(), one_hot())
    other = learned(documents(4), one_hot(4)).from_bytes(bag.to_bytes())
    numpy.testing.assert_array_equal(other.logits(documents(first=100)), bag.logits(documents(first=100)))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[:-5], "not msgpack|cannot be read"),
        (lambda data: b"\x80", "Got: nothing"),
        (lambda data: data.replace(b"n_docs", b"n_dogs"), "n_dogs"),
    ],
)
def test_ngram_bag_refuses_damaged_bytes(damage, said):
    bag = learned(documents(), one_hot())
    with pytest.raises(DamagedPipelineError, match=said):
        learned(documents(4), one_hot(4)).from_bytes(damage(bag.to_bytes()))


def test_ngram_bag_refuses_ngrams_of_another_size():
    data = learned(documents(), one_hot(), ngram_size=1).to_bytes()
    with pytest.raises(DamagedPipelineError, match=r"up to 1 words.*Expected: 2"):
        learned(documents(4), one_hot(4)).from_bytes(data)


def test_word_memory_says_that_it_is_full():
    shim = WordsShim(ngram_size=1, max_ngrams=10, settings=FitSettings(True, 1.0, True))
    shim.start(3)
    shim._memory = WordMemory(most=5)
    with pytest.warns(UserWarning, match="5 documents.*takes no more"):
        shim.learn(documents(8), one_hot(8))
    assert len(shim._memory) == 5
