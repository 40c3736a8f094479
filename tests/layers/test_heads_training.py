"""The heads in the stock components, behind the stock `transformer` component with a stand-in encoder."""

import numpy
import pytest
import spacy
from spacy.training import Example

from spacy_hat.layers.document_classifier import document_classifier
from spacy_hat.layers.span_classifier import span_classifier
from spacy_hat.pipeline.optimizer import adam_v1
from spacy_hat.pipeline.sentence_suggester import build_sentence_suggester

from ..support.trf_data import stand_in_encoder

spacy.registry.architectures("tests.StandInEncoder.v1", func=stand_in_encoder)
spacy.registry.architectures("tests.DocumentClassifier.v1", func=document_classifier)
spacy.registry.architectures("tests.SpanClassifier.v1", func=span_classifier)
spacy.registry.misc("tests.sentence_suggester.v1", func=build_sentence_suggester)

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "pooling": {"@layers": "reduce_mean.v1"},
    "grad_factor": 1.0,
}
QUESTIONS = ["Who goes there?", "What is it?", "Where did the old man go?"]
ANSWERS = ["Nobody at all.", "It rains.", "The old man went home again."]


def make_nlp(*components):
    """components: names of factories of spaCy, each with our head."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("transformer", config={"model": {"@architectures": "tests.StandInEncoder.v1"}})
    for name in components:
        document = name.startswith("textcat")
        exclusive = name in ("textcat", "spancat_singlelabel")
        kind = "DocumentClassifier" if document else "SpanClassifier"
        model = {"@architectures": f"tests.{kind}.v1", "tok2vec": LISTENER, "exclusive_classes": exclusive}
        suggester = {} if document else {"suggester": {"@misc": "tests.sentence_suggester.v1"}}
        nlp.add_pipe(name, config={"model": model, **suggester})
    return nlp


def make_examples(nlp):
    """Documents of answers are calm, with one good or bad word; each question among them is a labelled span."""
    examples = []
    for i in range(12):
        word = "splendid" if i % 2 else "dreadful"
        text = " ".join([*ANSWERS[: i % 3 + 1], f"A {word} day.", *QUESTIONS[i % 3 :]])
        doc = nlp.make_doc(text)
        gold = nlp.get_pipe("sentencizer")(nlp.make_doc(text))
        gold.cats = {"GOOD": float(i % 2), "BAD": float(not i % 2)}
        gold.spans["sc"] = [spacy.tokens.Span(gold, s.start, s.end, "ASK") for s in gold.sents if s[-1].text == "?"]
        examples.append(Example(doc, gold))
    return examples


def train(nlp, examples, n_steps=25):
    sgd = adam_v1(learn_rate=0.03)
    nlp.initialize(lambda: examples, sgd=sgd)
    return [nlp.update(examples, sgd=sgd, annotates=["sentencizer"], losses={}) for _ in range(n_steps)]


@pytest.fixture(scope="module")
def trained():
    numpy.random.seed(0)
    nlp = make_nlp("textcat", "spancat_singlelabel")
    examples = make_examples(nlp)
    return nlp, examples, train(nlp, examples)


@pytest.mark.parametrize("component", ["textcat", "spancat_singlelabel"])
def test_heads_training_lowers_the_loss(trained, component):
    _, _, losses = trained
    assert losses[-1][component] < losses[0][component] / 10


def test_heads_training_makes_predictions_right(trained):
    nlp, examples, _ = trained
    for example, doc in zip(examples, nlp.pipe([eg.reference.text for eg in examples]), strict=True):
        assert {label for label, score in doc.cats.items() if score > 0.5} == {
            label for label, gold in example.reference.cats.items() if gold
        }
        assert [(s.start, s.end) for s in doc.spans["sc"]] == [(s.start, s.end) for s in example.reference.spans["sc"]]


def test_heads_training_hands_the_encoder_one_gradient_of_its_shape(trained):
    nlp, _, losses = trained
    gradients = nlp.get_pipe("transformer").model.attrs["gradients"]
    assert len(gradients) == len(losses)
    n_segments, _, width = gradients[-1].model_output[0].shape
    assert (n_segments > 12, width) == (True, 16)


@pytest.mark.parametrize(
    "texts", [["", "It rains."], ["It rains.", "", "Who?"], ["It rains.", ""], ["", ""], [" ", "\n"]]
)
def test_heads_train_on_batches_with_documents_without_segments(texts):
    nlp = make_nlp("textcat", "spancat_singlelabel")
    train(nlp, make_examples(nlp), n_steps=1)
    examples = [Example.from_dict(nlp.make_doc(text), {"cats": {"GOOD": 1.0, "BAD": 0.0}}) for text in texts]
    losses = nlp.update(examples, annotates=["sentencizer"], losses={})
    assert (losses["textcat"] > 0.0) is any(map(len, texts))


@pytest.mark.parametrize("component", ["textcat_multilabel", "spancat"])
def test_heads_training_of_labels_that_do_not_exclude_each_other(component):
    numpy.random.seed(0)
    nlp = make_nlp(component)
    losses = train(nlp, make_examples(nlp))
    assert losses[-1][component] < losses[0][component] / 4


def test_heads_listeners_can_be_replaced(trained):
    nlp, examples, _ = trained
    text = examples[0].reference.text
    before = nlp(text)
    copy = make_nlp("textcat", "spancat_singlelabel")
    train(copy, examples, n_steps=1)
    copy.from_bytes(nlp.to_bytes())
    for component in ("textcat", "spancat_singlelabel"):
        copy.replace_listeners("transformer", component, ["model.tok2vec"])
    copy.remove_pipe("transformer")
    after = copy(text)
    assert after.cats == pytest.approx(before.cats)
    assert [s.label_ for s in after.spans["sc"]] == [s.label_ for s in before.spans["sc"]]


def test_heads_with_replaced_listeners_train_on():
    nlp = make_nlp("textcat")
    examples = make_examples(nlp)
    train(nlp, examples, n_steps=1)
    nlp.replace_listeners("transformer", "textcat", ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    nlp.update(examples, sgd=adam_v1(), losses={})
    (encoder,) = [node for node in nlp.get_pipe("textcat").model.walk() if node.name == "stand_in_encoder"]
    assert len(encoder.attrs["gradients"]) > 0


def test_heads_raise_with_the_transformer_disabled(trained):
    nlp, _, _ = trained
    with nlp.select_pipes(disable=["transformer"]), pytest.raises(ValueError, match="No transformer output"):
        nlp("Who goes there?")


def test_heads_bear_odd_documents(trained):
    nlp, _, _ = trained
    docs = list(nlp.pipe(["", " ", "Who?", "", "\n\n", "It is."]))
    assert [set(doc.cats) for doc in docs] == [{"GOOD", "BAD"}] * 6


def test_heads_learn_a_label_added_later():
    nlp = make_nlp("textcat_multilabel")
    examples = make_examples(nlp)
    train(nlp, examples, n_steps=2)
    nlp.get_pipe("textcat_multilabel").add_label("NEW")
    assert nlp(examples[0].reference.text).cats["NEW"] < 0.01
