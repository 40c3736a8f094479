"""output = "segments" in pipelines: our heads work, stock listeners say why they cannot, documents can be saved."""

import pickle

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy_transformers.data_classes import TransformerData

from spacy_hat.layers.segment_data import SegmentData

from ..support.pipelines import OURS, STOCK, initialize, make_examples, make_nlp, make_text, predictions, step, train

TEXTS = [make_text(number) for number in range(50, 54)] + ["", " ", "hello", "\n\n hello"]
MESSAGE = r'vector for each token.*Got: output = "segments".*Expected: output = "pieces"'
HEADS = ["textcat", "spancat", "spancat_singlelabel", "sentence_chain"]


@pytest.fixture(scope="module")
def trained(hat_folder):
    nlp = make_nlp(hat_folder, *HEADS, packing="sentences", output="segments")
    examples = initialize(nlp)
    losses = train(nlp, examples, 30)
    assert all(losses[-1][head] < losses[0][head] / 2 for head in HEADS)
    return nlp


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one["cats"] == pytest.approx(other["cats"], abs=1e-5)
        assert one["spans"] == other["spans"]
        for key, scores in other["scores"].items():
            np.testing.assert_allclose(one["scores"][key], scores, atol=1e-5)


def test_nlp_heads_learn_from_segment_vectors(trained):
    scores = trained.evaluate(make_examples(trained))
    assert scores["cats_score"] == 1.0
    assert scores["spans_spancat_singlelabel_f"] == 1.0


@pytest.mark.parametrize("head", ["textcat", "textcat_multilabel"])
def test_nlp_document_head_gets_the_same_from_either_output(hat_folder, head):
    losses, cats = [], []
    for output in ("pieces", "segments"):
        nlp = make_nlp(hat_folder, head, output=output)
        losses.append([step[head] for step in train(nlp, initialize(nlp), 3)])
        cats.append([doc.cats for doc in nlp.pipe(TEXTS)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for one, other in zip(*cats, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_nlp_keeps_a_vector_for_each_segment(trained):
    doc = trained(TEXTS[0])
    assert isinstance(doc._.trf_data, SegmentData)
    assert doc._.trf_data.model_output.last_hidden_state.shape == (len(list(doc.sents)), 1, 32)


def test_nlp_on_segments_predicts_a_batch_as_one_by_one(trained):
    assert_same(predictions(trained.pipe(TEXTS)), predictions(map(trained, TEXTS)))


@pytest.mark.parametrize("component", STOCK)
def test_nlp_listener_that_needs_tokens_raises_in_training_and_prediction(hat_folder, component):
    nlp = make_nlp(hat_folder, component, output="segments")
    examples = initialize(nlp)
    with pytest.raises(ValueError, match=MESSAGE):
        step(nlp, examples, nlp.create_optimizer())
    with pytest.raises(ValueError, match=MESSAGE):
        nlp(TEXTS[0])


@pytest.mark.parametrize("component", ["tagger", "ner"])
def test_nlp_listener_that_needs_tokens_raises_when_replaced(hat_folder, component):
    nlp = make_nlp(hat_folder, component, output="segments")
    initialize(nlp)
    nlp.replace_listeners("transformer", component, ["model.tok2vec"])
    with pytest.raises(ValueError, match=MESSAGE):
        nlp(TEXTS[0])


@pytest.mark.parametrize("head", HEADS)
def test_nlp_replaced_listener_keeps_the_output(trained, head, tmp_path):
    nlp = spacy.blank("en").from_config(trained.config, vocab=trained.vocab).from_bytes(trained.to_bytes())
    for other in set(HEADS) - {head}:
        nlp.remove_pipe(other)
    expected = predictions(nlp.pipe(TEXTS))
    nlp.replace_listeners("transformer", head, ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    assert nlp.config["components"][head]["model"]["tok2vec"]["output"] == "segments"
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert_same(predictions(loaded.pipe(TEXTS)), expected)
    train(loaded, make_examples(loaded), 1)


def test_nlp_saved_and_loaded_keeps_the_output(trained, tmp_path):
    trained.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert isinstance(loaded(TEXTS[0])._.trf_data, SegmentData)
    assert_same(predictions(loaded.pipe(TEXTS)), predictions(trained.pipe(TEXTS)))


def through_bytes(doc):
    return Doc(doc.vocab).from_bytes(doc.to_bytes())


def through_doc_bin(doc):
    found = DocBin().from_bytes(DocBin(docs=[doc], store_user_data=True).to_bytes())
    return next(iter(found.get_docs(doc.vocab)))


def through_pickle(doc):
    return pickle.loads(pickle.dumps(doc))


@pytest.mark.parametrize("through", [through_bytes, through_doc_bin, through_pickle])
@pytest.mark.parametrize("text", [TEXTS[0], " ", ""])
def test_nlp_heads_read_segment_vectors_of_a_saved_document(trained, through, text):
    doc = trained(text)
    found = through(doc)
    assert isinstance(found._.trf_data, TransformerData)
    for head in HEADS:
        found = trained.get_pipe(head)(found)
    assert_same(predictions([found]), predictions([doc]))


def test_nlp_documents_come_back_from_other_processes(trained):
    with trained.select_pipes(enable=["sentencizer", "transformer", *OURS.keys() & trained.pipe_names]):
        assert_same(predictions(trained.pipe(TEXTS, n_process=2)), predictions(trained.pipe(TEXTS)))
